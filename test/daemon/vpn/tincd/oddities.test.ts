/** What a tincd does that does not listen everywhere, has just begun, or keeps a clock that was set back: the real one, in a namespace. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { locateProgram } from '../../../../daemon/service/environment.ts'
import { deafVersion } from '../../../../daemon/vpn/tincd/listening.ts'
import { tincdArgv } from '../../../../daemon/vpn/tincd/manager.ts'
import { watchClock } from '../../../../daemon/vpn/clock-watch.ts'
import type { VpnRecord, VpnSecrets } from '../../../../daemon/vpn/record.ts'
import { createTunnels, type Tunnels } from '../../../../daemon/vpn/tunnel.ts'
import { makeFolder } from '../../../fakes/folder.ts'
import { lacksTaps, openNamespace } from '../../../helper/namespace.ts'
import { makeHost, recordOf, secretsOf } from '../harness.ts'

const skip = lacksTaps() || (locateProgram('tincd') === undefined && 'tincd is not installed')
const TAP = 'aetabcdefghijkl'
/** Sends something over IPv4 from a port, and keeps it, as whoever asks a name server does. */
const SENDER = `const socket = require('node:dgram').createSocket('udp4'); socket.bind(+process.argv[1], '127.0.0.1', () => { socket.connect(53, '127.0.0.1', () => console.log('sent')) })`

interface Scene {
  readonly tunnels: Tunnels
  readonly record: VpnRecord
  readonly secrets: VpnSecrets
  run(stdio: ['ignore', 'pipe' | number, 'inherit' | number], ...argv: string[]): ChildProcess
  isRunning(): boolean
  log(): string
}

async function openTunnels(t: Test): Promise<Scene> {
  const namespace = await openNamespace(t)
  namespace.ask('ip', 'tuntap', 'add', TAP, 'mode', 'tap')
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  const run: Scene['run'] = (stdio, ...argv) => {
    const [program, args] = namespace.enter(...argv)
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
    t.teardown(() => child.kill('SIGKILL'))
    return child
  }
  let tincd: ChildProcess | undefined
  const isRunning = (): boolean => tincd?.exitCode === null && tincd.signalCode === null
  const tunnels = createTunnels({ images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }, {
    find: () => (isRunning() ? { pid: tincd!.pid!, startedAt: new Date() } : undefined),
    async start({ paths }) {
      const log = openSync(paths.log, 'a')
      tincd = run(['ignore', log, log], 'tincd', ...tincdArgv(paths))
      await once(tincd, 'spawn')
    },
    remove: () => Promise.resolve(),
  })
  const host = await makeHost('host1', [])
  return { tunnels, record: recordOf(host, []), secrets: secretsOf(host), run, isRunning, log: () => readFileSync(at('log/vpn/blue/tinc.log'), 'utf8') }
}

t.test('a tincd that does not listen on IPv4, since somebody sent from its port, is told of and started anew', { skip }, async (t) => {
  const { tunnels, record, secrets, run } = await openTunnels(t)
  const up = async (): Promise<number> => {
    await tunnels.up(record, secrets, TAP)
    return tunnels.find(record.name)!.pid
  }
  const sender = run(['ignore', 'pipe', 'inherit'], process.execPath, '-e', SENDER, String(record.host.port))
  await once(sender.stdout!, 'data')
  const first = await up()
  t.equal(deafVersion(first, record.host.port), 'IPv4')
  sender.kill('SIGKILL')
  await once(sender, 'exit')
  const second = await up()
  t.not(second, first)
  t.equal(deafVersion(second, record.host.port), undefined)
  t.equal(await up(), second, 'one that listens on both goes on')
  t.equal(deafVersion(process.pid, 1), undefined, 'nor is one deaf that does not listen yet')
})

t.test('a tincd that has just begun outlives the question which hosts are reached', { skip }, async (t) => {
  const { tunnels, record, secrets, isRunning } = await openTunnels(t)
  const up = tunnels.up(record, secrets, TAP)
  while (!tunnels.find(record.name)) await new Promise(setImmediate)
  for (let isUp = false; !isUp; ) {
    t.ok(isRunning())
    void tunnels.reached(record)
    isUp = await Promise.race([up.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))])
  }
  t.same(await tunnels.reached(record), new Map([['host1', true]]))
})

t.test('a tincd tries anew at once where the clock was set back, and where it is brought up again; not where the clock is set ahead', { skip }, async (t) => {
  const { tunnels, record, secrets, log } = await openTunnels(t)
  let offset = 0
  const told = async (times: number): Promise<void> => {
    const count = (): number => log().split('Got ALRM signal').length - 1
    for (let tries = 0; count() < times && tries < 500; tries += 1) await delay(10)
    t.equal(count(), times)
  }
  await tunnels.up(record, secrets, TAP)
  const watch = watchClock({ vpns: { records: () => [record] }, tunnels }, 10, () => Date.now() + offset)
  t.teardown(() => watch.close())
  await told(0)
  offset = 3_600_000
  await delay(100)
  await told(0)
  offset = 0
  await told(1)
  await tunnels.up(record, secrets, TAP)
  await told(2)
})
