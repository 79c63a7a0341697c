/** Relays on a real RabbitMQ, beside daemons with scripted answers: who takes what, and what becomes of what nobody can. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AsyncMessage, Connection } from 'rabbitmq-client'
import t from 'tap'
import { HOST_NAME_LIMIT } from '../../../policy/broker/config.ts'
import { COMPETING, COMPUTING, DEAD, headers, hostQueue } from '../../../policy/broker/topology.ts'
import { Claims } from '../../../tui/broker/claims.ts'
import { eventually } from '../../system/daemon.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { startFakeHost, type FakeHost } from './fake-host.ts'

if (lacksRabbit) {
  t.pass(lacksRabbit, { skip: true })
  process.exit()
}

const rabbit: TestRabbit = await startRabbit(t)
const client: Connection = rabbit.connect()
const publisher = client.createPublisher({ confirm: true })
const create = (image = 'small'): object => ({ command: 'create-vm', options: { image } })

interface Asked {
  readonly answers: AsyncMessage[]
  readonly close: () => Promise<void>
}

/** Publishes, and collects what is answered. */
async function ask(body: object | Buffer, more: object = {}, routingKey = 'create-vm'): Promise<Asked> {
  const channel = await client.acquire()
  const { queue } = await channel.queueDeclare({ exclusive: true })
  const answers: AsyncMessage[] = []
  await channel.basicConsume({ queue, noAck: true }, (message) => void answers.push(message))
  await publisher.send({ exchange: COMPUTING, routingKey, replyTo: queue, correlationId: '7', ...more }, body)
  return { answers, close: () => channel.close() }
}

const bodies = ({ answers }: Asked): unknown[] => answers.map(({ body }) => body as unknown)
const answered = (asked: Asked, times = 1): Promise<void> => eventually(() => asked.answers.length >= times, () => `answers: ${JSON.stringify(bodies(asked))}`)
const dead = async (): Promise<number> => (await client.queueDeclare({ queue: DEAD, passive: true })).messageCount
const refused = (reason: RegExp): object => ({ 'execution-info': { status: 'error', reason } })

async function nextDead(): Promise<AsyncMessage> {
  let found
  await eventually(async () => (found = await client.basicGet({ queue: DEAD, noAck: true })) !== undefined, 'nothing is with the dead')
  return found as unknown as AsyncMessage
}

t.test('a relay alone', async (t) => {
  const host = await startFakeHost(t, rabbit, 'a')
  await host.logs('takes requests')

  await t.test('an old request is answered twice, with its correlation id', async (t) => {
    const asked = await ask(create())
    await answered(asked, 2)
    t.match(bodies(asked), [{ response: { status: 'allocating' } }, { response: { status: 'starting' } }])
    t.match(asked.answers, [{ correlationId: '7', headers: { [headers.host]: 'a' } }, { correlationId: '7' }])
    t.match(host.made.at(-1), /^[0-9a-f-]{36}$/, 'a counter is no identity: it was given one')
  })

  await t.test('JSON-RPC makes a VM with all of its params, once however often it comes', async (t) => {
    const body = { jsonrpc: '2.0', id: 4, method: 'vm.create', params: { image: 'small', memoryMiB: 64, vcpus: 2 } }
    const [first, second] = [await ask(body, { messageId: 'mine' }), await ask(body, { messageId: 'mine' })]
    await Promise.all([answered(first), answered(second)])
    t.match(bodies(first), [{ jsonrpc: '2.0', id: 4, result: { id: /^[a-z]{8}$/ } }])
    t.same(bodies(second), bodies(first))
    t.equal(host.made.filter((id) => id === 'mine').length, 1)
  })

  await t.test('response-channel of the body is as good as reply_to', async (t) => {
    const channel = await client.acquire()
    const { queue } = await channel.queueDeclare({ exclusive: true })
    await publisher.send({ exchange: COMPUTING, routingKey: 'create-vm' }, { ...create(), 'response-channel': queue })
    let message
    await eventually(async () => (message = await channel.basicGet({ queue, noAck: true })) !== undefined, 'no answer')
    t.match(message, { body: { 'execution-info': { status: 'success' } } })
    await channel.close()
  })

  await t.test('whose time is over when it comes, by the clock of its client, is told that', async (t) => {
    const asked = await ask(create(), { messageId: 'late', timestamp: 1 })
    await answered(asked)
    t.match(bodies(asked), [refused(/a: its time was over when it came/)])
  })

  const deep = Buffer.from(`{"command":"create-vm","options":{"image":"small"},"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)
  const unreadable = {
    'no JSON': [Buffer.from('{"command":'), /not JSON/],
    'no UTF-8': [Buffer.from([0xff, 0xfe, 0]), /not JSON/],
    'no object': [Buffer.from('[1]'), /not a JSON object/],
    'no command': [{ options: {} }, /command/],
    'a command that there is not': [{ command: 'format-disk' }, /format-disk/],
    'options of another kind': [{ command: 'create-vm', options: { image: 7 } }, /image/],
    'a channel for answers that is no name': [{ ...create(), 'response-channel': 7 }, /response-channel/],
    'a method that is not for here': [{ jsonrpc: '2.0', id: 1, method: 'vm.delete', params: {} }, /only vm.create/],
    '10 MB': [{ ...create(), filler: 'x'.repeat(10_000_000) }, /1048576 bytes/],
    'depth that cannot be written again': [deep, /deep/],
  } as const
  for (const [what, [body, reason]] of Object.entries(unreadable)) {
    await t.test(`put aside and answered: ${what}`, async (t) => {
      const asked = await ask(body, { contentType: 'application/json' })
      await answered(asked)
      t.match(JSON.stringify(bodies(asked)), reason)
      const message = await nextDead()
      if (what.startsWith('depth')) t.match(message.headers, { 'x-first-death-reason': 'rejected' })
      else t.match(message.headers?.[headers.reason], reason)
      await asked.close()
    })
  }

  await t.test('a queue for answers that is gone, or can be none, harms nobody', async (t) => {
    const before = host.made.length
    for (const replyTo of ['gone', 'amq.rabbitmq.reply-to.g1h2AA.nobody==', 'x'.repeat(255)]) await publisher.send({ exchange: COMPUTING, routingKey: 'create-vm', replyTo }, create())
    for (const channel of ['x'.repeat(300), 'amq.rabbitmq.reply-to', '']) await publisher.send({ exchange: COMPUTING, routingKey: 'create-vm' }, { ...create(), 'response-channel': channel })
    await eventually(() => host.made.length === before + 6, () => `made ${host.made.length - before}:\n${host.log().slice(-2000)}`)
    const asked = await ask(create())
    await answered(asked, 2)
    t.match(bodies(asked), [{}, { response: { status: 'starting' } }])
  })

  await t.test('one more of the same name is told so', async (t) => {
    const second = await startFakeHost(t, rabbit, 'a')
    await t.rejects(second.relay.failed, /another relay is on the broker as the host "a"/)
  })

  t.equal(await dead(), 0)
})

t.test('hosts that differ', async (t) => {
  const [a, b] = await Promise.all([
    startFakeHost(t, rabbit, 'a', { images: ['other'] }),
    startFakeHost(t, rabbit, 'b', { config: { limits: { vms: 4 } } }),
  ])
  await Promise.all([a, b].flatMap((host) => [host.logs('takes requests'), host.logs('a host is on the broker')]))

  await t.test('the one that has the image makes the VM', async (t) => {
    const asked = await Promise.all([ask(create()), ask(create()), ask(create())])
    await Promise.all(asked.map((each) => answered(each, 2)))
    t.same([a.made.length, b.made.length], [0, 3])
  })

  await t.test('what none has is answered at once, with what each says', async (t) => {
    const asked = await ask(create('nowhere'))
    await answered(asked)
    t.match(bodies(asked), [refused(/a: it has no image "nowhere"; b: it has no image "nowhere"/)])
  })

  await t.test('a VM that none has is an error that is answered once, one that the other has none', async (t) => {
    const id = (await listVms('b'))[0]!
    const [nobodys, theirs] = [await ask({ command: 'stop-vm', options: { 'vm-id': 'nothing' } }, {}, 'stop-vm'), await ask({ command: 'stop-vm', options: { 'vm-id': id } }, {}, 'stop-vm')]
    await Promise.all([answered(nobodys), answered(theirs)])
    await delay(500)
    t.match(bodies(nobodys), [refused(/nothing/)])
    t.match(bodies(theirs), [{ response: { status: 'stopped', 'vm-id': id } }])
  })

  await t.test('each lists its VMs', async (t) => {
    const asked = await ask({ command: 'list-vms' }, {}, 'list-vms')
    await answered(asked, 2)
    t.same(asked.answers.map((message) => String(message.headers?.[headers.host])).sort(), ['a', 'b'])
  })

  await t.test('a request that another host has claimed is that host\'s to make', async (t) => {
    const claims = new Claims(client, 'b')
    t.same(await claims.take('claimed'), { kind: 'ours' })
    t.same(await new Claims(client, 'a').take('claimed'), { kind: 'other', host: 'b' })
    const asked = await ask({ ...create('other') }, { messageId: 'claimed' })
    await answered(asked, 2)
    t.ok(b.made.includes('claimed'), 'though only a would have taken it')
    t.notOk(a.made.includes('claimed'))
    await claims.close()
  })

  await t.test('RabbitMQ says whose a claim is, however long the names are', async (t) => {
    const [one, other] = ['a', 'b'].map((letter) => letter.repeat(HOST_NAME_LIMIT)) as [string, string]
    const [first, second] = [new Claims(client, one), new Claims(client, other)]
    t.same(await first.take('long'), { kind: 'ours' })
    t.same(await second.take('long'), { kind: 'other', host: one })
    await Promise.all([first.close(), second.close()])
  })

  await t.test('one that is full does not consume, and answers when the time is over', async (t) => {
    await b.logs('takes no requests for VMs: full: 4 VMs, of 4 at the most')
    await eventually(async () => (await client.queueDeclare({ queue: COMPETING, passive: true })).consumerCount === 1, 'b consumes still')
    const asked = await ask(create(), { expiration: '1500', messageId: 'late' })
    await answered(asked)
    t.match(bodies(asked), [refused(/^no host has taken it: a: it has no image "small"; b: full, leaving or not there$/)])
    t.equal(b.made.length, 4)
  })
})

t.test('a request that was given back too often is put aside with a word, and nobody takes it for unserved', async (t) => {
  const host: FakeHost = await startFakeHost(t, rabbit, 'c', { config: { limits: { vms: 0 } } })
  await host.logs('full')
  const channel = await client.acquire()
  const asked = await ask(create(), { exchange: '', durable: true, messageId: 'poison' }, COMPETING)
  let given = 0
  await channel.basicConsume({ queue: COMPETING }, ({ deliveryTag }) => {
    given++
    if (channel.active) channel.basicNack({ deliveryTag, requeue: true })
  })
  const message = await nextDead()
  t.equal(message.messageId, 'poison')
  t.match(message.headers, { 'x-first-death-reason': 'delivery_limit' })
  t.equal(given, 21)
  await answered(asked)
  t.match(bodies(asked), [refused(/20 times, and each time given back/)])
  await channel.close()
})

t.test('the queue of a host that does not come back gives up what it holds, with a word', async (t) => {
  const host = await startFakeHost(t, rabbit, 'd', { config: { limits: { vms: 0 } } })
  await host.logs('full')
  await client.queueDeclare({ queue: hostQueue('gone'), durable: true, arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'computing-competing.unserved' } })
  const asked = await ask(create(), { exchange: '', messageId: 'held', expiration: '100' }, hostQueue('gone'))
  await answered(asked)
  t.match(bodies(asked), [refused(/the host gone has taken it and did not answer/)])
})

/** Of the host of two. */
async function listVms(host: string): Promise<string[]> {
  const asked = await ask({ command: 'list-vms' }, {}, 'list-vms')
  await answered(asked, 2)
  const found = asked.answers.find((message) => message.headers?.[headers.host] === host)
  return (found?.body as { response: { 'vm-id': string }[] }).response.map((vm) => vm['vm-id'])
}
