import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createTunnels } from '../../../daemon/vpn/tunnel.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { blue, makeHost } from './harness.ts'

t.test('which of many hosts are reached is told, however many edges there are between them', async (t) => {
  const folder = makeFolder(t)
  const [logs, dump] = [join(folder, 'log'), join(folder, 'dump')]
  const log = join(logs, 'vpn/blue/tinc.log')
  mkdirSync(join(logs, 'vpn/blue'), { recursive: true })
  const hosts = Array.from({ length: 60 }, (_, index) => `host${index}`)
  const nodes = hosts.map((name) => ` ${name} at 192.0.2.1 port 50000 cipher 427 digest 672 maclength 16 compression 0 options c status 001a nexthop ${name} via ${name} pmtu 1451 (min 1451 max 1451)`)
  const edges = hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => ` ${from} to ${to} at 192.0.2.1 port 50000 options c weight 5`))
  writeFileSync(dump, ['Nodes:', ...nodes, 'End of nodes.', 'Edges:', ...edges, 'End of edges.', 'Subnet list:', 'End of subnet list.', ''].join('\n'))
  // It writes what tincd 1.0 writes when it is asked.
  const script = `const [dump, log] = process.argv.slice(1); const fs = require('node:fs'); const socket = require('node:dgram').createSocket('udp4')
    process.on('SIGUSR2', () => fs.appendFileSync(log, fs.readFileSync(dump))); socket.bind(0, () => console.log(socket.address().port))`
  const child = spawn(process.execPath, ['-e', script, dump, log], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [printed] = await once(child.stdout, 'data')
  const { peer } = await makeHost('host0', [], Number(printed))
  const at = (name: string): string => join(folder, name)
  const tunnels = createTunnels(
    { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs },
    {
      find: () => (child.pid === undefined ? undefined : { pid: child.pid, startedAt: new Date() }),
      start: () => Promise.resolve(),
      remove: () => Promise.resolve(),
    },
  )
  for (const time of ['first', 'second']) t.same([...((await tunnels.reached({ name: blue, host: peer })) ?? [])], hosts.map((name) => [name, true]), time)
})
