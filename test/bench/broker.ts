/**
 * VMs that are made by requests through RabbitMQ, against as many that are asked of the daemon's socket at once. They run a stub
 * of QEMU: the real one is the same for both, and would hide what the way costs.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'rabbitmq-client'
import { COMPUTING } from '../../policy/broker/topology.ts'
import { connect, type Client } from '../../tui/client.ts'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { bundles, startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

const VMS = 40
const params = { image: 'small', memoryMiB: 64 }

export async function benchBroker(): Promise<Row[]> {
  if (lacksRabbit) return []
  const cleanUp: (() => unknown)[] = []
  try {
    const rabbit = await startRabbit({ teardown: (clean) => cleanUp.unshift(clean) })
    const host = await startHost(0, { isStub: true })
    cleanUp.unshift(() => host.stop())
    writeFileSync(join(host.root, 'config', 'broker.json'), JSON.stringify({ url: rabbit.url, host: 'host1', atOnce: 8 }))
    const relay = spawn(process.execPath, [join(bundles, 'aetherscale.js'), 'broker', '--socket-dir', host.sockets], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] },
    })
    cleanUp.unshift(async () => {
      const ended = once(relay, 'exit')
      relay.kill()
      await ended
    })
    let log = ''
    relay.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    while (!log.includes('takes requests')) await once(relay.stderr, 'data')
    const client = await connect({ directory: host.sockets, env: {}, access: 'control' })
    cleanUp.unshift(() => client.close())
    const { ours, baseline, ratio } = await compare(5, () => byBroker(rabbit.connect(), client), () => bySocket(client))
    const rate = (took: number): string => `${((VMS * 1000) / took).toFixed(0)}/s`
    return [{ what: `${VMS} VMs made and started (a stub of QEMU) through RabbitMQ, to the socket`, ours: rate(ours), baseline: rate(baseline), value: ratio, unit: '×', target: { atMost: 3 } }]
  } finally {
    for (const clean of cleanUp) await clean()
  }
}

async function byBroker(connection: Connection, client: Client): Promise<number> {
  const requester = connection.createRPCClient({ confirm: true, timeout: 120_000 })
  const body = { jsonrpc: '2.0', id: 1, method: 'vm.create', params }
  const took = await time(() => Promise.all(numbers.map((number) => requester.send({ exchange: COMPUTING, routingKey: 'create-vm', messageId: `${performance.now()}-${number}` }, body))))
  await requester.close()
  await deleteAll(client)
  return took
}

async function bySocket(client: Client): Promise<number> {
  const took = await time(() => Promise.all(numbers.map((number) => client.call('vm.create', { ...params, requestId: `${performance.now()}-${number}` }))))
  await deleteAll(client)
  return took
}

const numbers = Array.from({ length: VMS }, (_unused, number) => number)

async function deleteAll(client: Client): Promise<void> {
  const { vms } = await client.call('vm.list', {})
  if (vms.length !== VMS) throw new Error(`${vms.length} VMs are there, and not ${VMS}`)
  await Promise.all(vms.map(({ id }) => client.call('vm.delete', { vm: id })))
}
