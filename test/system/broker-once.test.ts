/** Three hosts on one broker, and whoever may end in the midst of 50 requests does: each VM exists exactly once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'rabbitmq-client'
import t, { type Test } from 'tap'
import { COMPETING, COMPUTING, DEAD } from '../../policy/broker/topology.ts'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { makeEmptyImage, startTestRelay, type TestRelay } from './relay.ts'

const VMS = 50
const ANSWERS = 'answers'

interface Answer {
  readonly 'execution-info': { readonly status: string; readonly reason?: string }
  readonly response?: { readonly status: string; readonly 'vm-id': string }
}

t.test('50 requests, and the broker, a relay or a daemon killed in the midst', { skip: lacksRabbit }, async (t) => {
  const [rabbit, ...daemons] = await Promise.all([startRabbit(t), ...Array.from({ length: 3 }, () => startTestDaemon(t, { LOG_LEVEL: 'info' }))])
  for (const daemon of daemons) makeEmptyImage(daemon, 'small')
  const config = { legacy: { memoryMiB: 32 }, deadlineSeconds: 600, atOnce: 2 }
  const relays = await Promise.all(daemons.map((daemon, number) => startTestRelay(t, daemon, rabbit, `host${number + 1}`, config)))
  const client = rabbit.connect()
  await client.queueDeclare({ queue: ANSWERS, durable: true })
  const round = createRound(client, daemons, relays)

  await t.test('the broker is killed, and the requests have ids', async (t) => {
    await round(t, (number) => ({ messageId: `request-${number}` }), async () => {
      await rabbit.kill()
      await rabbit.start()
    })
  })
  await t.test('the broker is killed, and the requests have none', async (t) => {
    await round(t, () => ({}), async () => {
      await rabbit.kill()
      await rabbit.start()
    })
  })
  await t.test('a relay is killed, and then a daemon', async (t) => {
    await round(t, () => ({}), async () => {
      await relays[0]!.kill()
      await delay(500)
      await relays[0]!.start()
      await daemons[1]!.kill()
      await daemons[1]!.start()
    })
  })
  t.equal((await client.queueDeclare({ queue: DEAD, passive: true })).messageCount, 0, 'none was put aside')
  t.same(await Promise.all(relays.map((relay) => relay.stop())), [0, 0, 0])
})

/** Asks for the VMs, has `disturb` do what it does once some are made, waits for the rest, counts, and deletes them. */
function createRound(client: Connection, daemons: readonly TestDaemon[], relays: readonly TestRelay[]) {
  return async (t: Test, identify: (number: number) => object, disturb: () => Promise<void>): Promise<void> => {
    const made = new Map<string, Set<string>>()
    const errors: string[] = []
    const before = relays.map(countRedelivered)
    const consumer = client.createConsumer({ queue: ANSWERS, queueOptions: { durable: true } }, ({ body, correlationId }) => {
      const { 'execution-info': info, response } = body as Answer
      if (response?.status === 'starting') made.set(correlationId!, (made.get(correlationId!) ?? new Set()).add(response['vm-id']))
      else if (!response) errors.push(`${correlationId}: ${info.reason}`)
    })
    consumer.on('error', () => undefined)
    const publisher = client.createPublisher({ confirm: true, maxAttempts: 1 })
    const body = { command: 'create-vm', options: { image: 'small' } }
    const numbers = Array.from({ length: VMS }, (_unused, number) => number)
    await Promise.all(
      numbers.map((number) =>
        publisher.send({ exchange: COMPUTING, routingKey: 'create-vm', replyTo: ANSWERS, correlationId: String(number), ...identify(number) }, body),
      ),
    )
    await eventually(() => made.size >= VMS / 4, () => `${made.size} are made`)
    await disturb()
    const lists = () => Promise.all(daemons.map(async (daemon) => (await daemon.client.call('vm.list', {})).vms))
    const isDone = async (): Promise<boolean> => {
      const vms = (await lists()).flat()
      const { messageCount } = await client.queueDeclare({ queue: COMPETING, passive: true })
      // A request that is not answered is with a relay still, or comes to one again. What failed is told below.
      return made.size + errors.length >= VMS && messageCount === 0 && vms.every(({ state }) => state === 'running')
    }
    await eventually(isDone, () => `${made.size} are made; ${errors.join('; ')}\n${relays.map((relay) => relay.log().slice(-1500)).join('\n')}`)
    // A double would come of what is delivered again.
    await delay(1500)

    const hosts = await lists()
    const all = hosts.flat().length
    const ids = new Set<string>(hosts.flat().map(({ id }) => id))
    const requests = hosts.flatMap((vms, index) => vms.map(({ id }) => requestOf(daemons[index]!, id)))
    const doubles = requests.length - new Set(requests).size
    t.comment('host   VMs  delivered again')
    for (const [index, vms] of hosts.entries()) {
      t.comment(`${relays[index]!.host}  ${String(vms.length).padStart(3)}  ${countRedelivered(relays[index]!) - before[index]!}`)
    }
    t.comment(`asked ${VMS}, exist ${all}, doubles ${doubles}, lost ${VMS - new Set(requests).size}, answered ${made.size}`)
    t.equal(all, VMS, 'as many VMs as requests')
    t.equal(doubles, 0, 'none was made twice')
    t.same([...made].filter(([, answered]) => answered.size !== 1 || !ids.has([...answered][0]!)), [], 'each VM that was answered is there, and one a request')
    t.same(errors, [])
    t.ok(hosts.every((vms) => vms.length > 0), 'all hosts had their share')
    for (const [index, vms] of hosts.entries()) {
      await Promise.all(vms.map(({ id }) => daemons[index]!.client.call('vm.delete', { vm: id })))
    }
    await consumer.close()
    await publisher.close()
  }
}

/** As the VM's record has it. */
function requestOf({ root }: TestDaemon, id: string): string {
  const record = JSON.parse(readFileSync(join(root, 'config', 'vm', id, 'vm.json'), 'utf8')) as { readonly request: { readonly id: string } }
  return record.request.id
}

const countRedelivered = (relay: TestRelay): number => relay.log().split('"redelivered":true').length - 1
