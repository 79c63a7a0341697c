/** Relays on a real RabbitMQ under what is seldom: many commands at once, queues that an admin takes away, a daemon that goes. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AsyncMessage, Connection } from 'rabbitmq-client'
import t, { type Test } from 'tap'
import { CLUSTER, COMPETING, COMPUTING, EVERY_HOST, headers, LATER } from '../../../policy/broker/topology.ts'
import { FakeError } from '../../fakes/daemon.ts'
import { eventually } from '../../system/daemon.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { makeVm } from '../../inputs/vms.ts'
import { startFakeHost } from './fake-host.ts'

/** More than a host carries out at a time. */
const MANY = 100

t.test('hosts on one broker', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t)
  const client = rabbit.connect()
  await t.test('commands for the VMs of another host', (t) => commandsForAnother(t, rabbit, client))
  await t.test('queues that somebody deletes', (t) => deletedQueues(t, rabbit, client))
  await t.test('exchanges that somebody deletes', (t) => deletedExchanges(t, rabbit, client))
  await t.test('time that a request says', (t) => ownTime(t, rabbit, client))
  await t.test('a host that has just come', (t) => justCome(t, rabbit, client))
  await t.test('a daemon that is there and does not answer', (t) => silentDaemon(t, rabbit, client))
  await t.test('one id for several requests', (t) => sameId(t, rabbit, client))
})

async function commandsForAnother(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  const all = Array.from({ length: MANY }, (_, number) => makeVm(number))
  const stopped = new Set<unknown>()
  const hosts = await Promise.all([
    startFakeHost(t, rabbit, 'a'),
    startFakeHost(t, rabbit, 'b', {
      answers: {
        'vm.get': ({ params }) => all.find(({ id }) => id === params['vm']) ?? new FakeError(1001, 'There is no such VM', { name: 'VM_NOT_FOUND' }),
        'vm.set': ({ params }) => all.find(({ id }) => id === params['vm']),
        'vm.stop': ({ params }) => {
          stopped.add(params['vm'])
          return { vm: all.find(({ id }) => id === params['vm']), endedBy: 'sigterm' }
        },
      },
    }),
  ])
  await Promise.all(hosts.flatMap((host) => [host.logs('takes requests'), host.logs('a host is on the broker')]))
  const answers = await collect(client)
  const publisher = client.createPublisher({ confirm: true })
  await Promise.all(
    all.map(({ id }) => publisher.send({ exchange: COMPUTING, routingKey: 'stop-vm', replyTo: answers.queue, correlationId: id }, { command: 'stop-vm', options: { 'vm-id': id } })),
  )
  // A command after them is answered by the first host when it has done with these.
  await publisher.send({ exchange: COMPUTING, routingKey: 'stop-vm', replyTo: answers.queue, correlationId: 'last' }, { command: 'stop-vm', options: { 'vm-id': 'nobodys' } })
  await eventually(() => answers.got.some(({ correlationId }) => correlationId === 'last') && stopped.size === MANY, () => `${answers.got.length} answers, ${stopped.size} stopped`)
  const wrong = answers.got.filter(({ body, correlationId }) => (correlationId === 'last') !== JSON.stringify(body).includes('"error"'))
  t.same(wrong.map(({ body }) => body as unknown), [], 'the host that has none of them says nothing of them')
  t.equal(answers.got.length, MANY + 1)
  await Promise.all([publisher.close(), ...hosts.map(({ relay }) => relay.leave())])
}

async function deletedQueues(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  const making = Promise.withResolvers<object>()
  const asked = Promise.withResolvers<void>()
  const slow = (): unknown => (asked.resolve(), making.promise)
  const host = await startFakeHost(t, rabbit, 'c', { config: { limits: { memoryMiB: 100 } }, answers: { 'vm.create': slow } })
  await host.logs('takes requests')
  const publisher = client.createPublisher({ confirm: true })
  await publisher.send({ routingKey: COMPETING, messageId: 'slow' }, { command: 'create-vm', options: { image: 'small' } })
  await asked.promise
  // Though a VM is being made of one of its messages.
  await client.queueDelete({ queue: COMPETING })
  await eventually(
    () => client.queueDeclare({ queue: COMPETING, passive: true }).then(({ consumerCount }) => consumerCount === 1, () => false),
    () => `the queue for requests is not there again:\n${host.log().slice(-2000)}`,
  )
  making.resolve(makeVm(1))
  await client.queueDelete({ queue: LATER })
  const answers = await collect(client)
  // It waits, for there is no room for it: in the queue that is gone.
  const large = { jsonrpc: '2.0', id: 1, method: 'vm.create', params: { image: 'small', memoryMiB: 200 } }
  await publisher.send({ routingKey: COMPETING, replyTo: answers.queue, messageId: 'large', expiration: '4000' }, large)
  await eventually(() => answers.got.length > 0, () => `no answer:\n${host.log().slice(-2000)}`)
  t.match(answers.got, [{ body: { error: { data: { name: 'BROKER_NO_HOST' }, message: /100 MiB of memory left/ } } }])
  await t.resolves(client.queueDeclare({ queue: LATER, passive: true }))
  await Promise.all([publisher.close(), host.relay.leave()])
}

/** The queue gives up what it has kept for a while; a request that says that it has more time is offered on. */
/** Nobody is told that a binding goes with its exchange. */
async function deletedExchanges(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  const host = await startFakeHost(t, rabbit, 'x')
  await host.logs('takes requests')
  for (const exchange of [COMPUTING, CLUSTER]) await client.exchangeDelete({ exchange })
  const answers = await collect(client)
  const ask = async (envelope: { readonly exchange: string; readonly routingKey: string }, body: object): Promise<boolean> => {
    const before = answers.got.length
    const channel = await client.acquire()
    channel.on('error', () => undefined)
    await channel.basicPublish({ ...envelope, replyTo: answers.queue }, body)
    await delay(300)
    if (channel.active) await channel.close()
    return answers.got.length > before
  }
  for (const [envelope, body] of [
    [{ exchange: COMPUTING, routingKey: 'list-vms' }, { command: 'list-vms' }],
    [{ exchange: COMPUTING, routingKey: 'create-vm' }, { command: 'create-vm', options: { image: 'small' } }],
    [{ exchange: CLUSTER, routingKey: EVERY_HOST }, { jsonrpc: '2.0', id: 1, method: 'host.list' }],
  ] as const) {
    await eventually(() => ask(envelope, body), () => `${envelope.routingKey} is not answered again:\n${host.log().slice(-2000)}`)
    t.pass(`${envelope.exchange}, ${envelope.routingKey}`)
  }
  await host.relay.leave()
}

async function ownTime(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  await client.queueDelete({ queue: COMPETING })
  let vms = [makeVm(1)]
  const host = await startFakeHost(t, rabbit, 'd', { config: { deadlineSeconds: 1, limits: { vms: 1 } }, answers: { 'vm.list': () => ({ vms }) } })
  await host.logs('takes no requests for VMs: full')
  const answers = await collect(client)
  const publisher = client.createPublisher({ confirm: true })
  const body = { command: 'create-vm', options: { image: 'small' } }
  const ask = (messageId: string, more: object): Promise<void> => publisher.send({ routingKey: COMPETING, replyTo: answers.queue, correlationId: messageId, messageId, ...more }, body)
  await ask('patient', { headers: { [headers.deadline]: Date.now() + 600_000 } })
  await ask('usual', {})
  // By then the queue has given up both.
  await eventually(() => answers.got.length > 0, () => `no answer:\n${host.log()}`)
  t.match(answers.got, [{ correlationId: 'usual', body: { 'execution-info': { status: 'error' } } }])
  vms = []
  await eventually(() => host.made.includes('patient'), () => `it is not made:\n${host.log()}`)
  await Promise.all([publisher.close(), host.relay.leave()])
}

/** It has heard of nobody yet, and says that nobody has what it has not only once it would have. */
async function justCome(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  await client.queueDelete({ queue: COMPETING })
  const host = await startFakeHost(t, rabbit, 'new', { images: [] })
  await host.logs('takes requests')
  const answers = await collect(client)
  const publisher = client.createPublisher({ confirm: true })
  await publisher.send({ routingKey: COMPETING, replyTo: answers.queue, messageId: 'early' }, { jsonrpc: '2.0', id: 1, method: 'vm.create', params: { image: 'small' } })
  await host.logs('"to":"later"')
  await eventually(() => answers.got.length > 0, () => `no answer:\n${host.log()}`)
  t.match(answers.got, [{ body: { error: { data: { name: 'BROKER_NO_HOST' } } } }])
  await Promise.all([publisher.close(), host.relay.leave()])
}

/** It holds no request that another host could take. */
async function silentDaemon(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  let list: () => unknown = () => ({ vms: [] })
  const host = await startFakeHost(t, rabbit, 'slow', { answers: { 'vm.list': () => list() } })
  await host.logs('takes requests')
  list = () => new Promise(() => undefined)
  const publisher = client.createPublisher({ confirm: true })
  await publisher.send({ routingKey: COMPETING, messageId: 'anybodys' }, { command: 'create-vm', options: { image: 'small' } })
  await host.logs('takes no requests for VMs: its daemon does not answer')
  await eventually(() => client.basicGet({ queue: COMPETING, noAck: true }).then((message) => message?.messageId === 'anybodys'), () => `it is not given back:\n${host.log()}`)
  await Promise.all([publisher.close(), host.relay.leave()])
  t.same(host.made, [])
}

/** Clients that keep a UUID for a correlation id of theirs, whatever they ask, are not told that it is done. */
async function sameId(t: Test, rabbit: TestRabbit, client: Connection): Promise<void> {
  const asked: unknown[] = []
  const host = await startFakeHost(t, rabbit, 'e', {
    answers: {
      'vm.create': ({ params }) => {
        asked.push(params['name'])
        return params['name'] === 'other' ? new FakeError(1021, 'A request with the id came before', { name: 'VM_REQUEST_REUSED' }) : makeVm(7)
      },
    },
  })
  await host.logs('takes requests')
  const answers = await collect(client)
  const publisher = client.createPublisher({ confirm: true })
  const bodies = ['one', 'one', 'other'].map((name, id) => ({ jsonrpc: '2.0', id, method: 'vm.create', params: { image: 'small', memoryMiB: 32, name } }))
  for (const [index, body] of [...bodies, { command: 'create-vm', options: { image: 'small' } }].entries()) {
    await publisher.send({ routingKey: COMPETING, replyTo: answers.queue, messageId: 'same' }, body)
    await eventually(() => answers.got.length > index, () => `no answer:\n${host.log().slice(-2000)}`)
  }
  t.same(asked, ['one', 'other', undefined], 'a second delivery of one request asks nobody')
  t.match(answers.got.map(({ body }) => body as unknown), [
    { id: 0, result: { id: makeVm(7).id } },
    { id: 1, result: { id: makeVm(7).id } },
    { id: 2, error: { data: { name: 'VM_REQUEST_REUSED' } } },
    { 'execution-info': { status: 'success' }, response: { status: 'allocating', 'vm-id': makeVm(7).id } },
  ])
  await Promise.all([publisher.close(), host.relay.leave()])
}

async function collect(client: Connection): Promise<{ readonly queue: string; readonly got: AsyncMessage[] }> {
  const channel = await client.acquire()
  const { queue } = await channel.queueDeclare({ exclusive: true })
  const got: AsyncMessage[] = []
  await channel.basicConsume({ queue, noAck: true }, (message) => void got.push(message))
  return { queue, got }
}
