import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { AsyncMessage, Channel } from 'rabbitmq-client'
import t, { type Test } from 'tap'
import type { Host } from '../../../policy/broker/cluster.ts'
import { CLUSTER, EVERY_HOST, headers, hostKey } from '../../../policy/broker/topology.ts'
import { askOne } from '../../../tui/cluster/ask-one.ts'
import { Asker } from '../../../tui/cluster/asker.ts'
import { gather } from '../../../tui/cluster/gather.ts'
import { generateHostKey } from '../../../tui/cluster/keys/host-key.ts'
import { pin } from '../../../tui/cluster/keys/pins.ts'
import { FakeError } from '../../fakes/daemon.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { acquainted, emptyHost, eventually, startRelay, type TestRelay } from './relays.ts'

const WITHIN_MS = 20_000
const vmsOf = (name: string) => ({ 'vm.list': () => ({ vms: [{ name: `vm-on-${name}` }] }) })

function openAsker(t: Test, rabbit: TestRabbit): Asker {
  const asker = new Asker(rabbit.connect())
  t.teardown(() => asker.close())
  return asker
}

const listOf = async (asker: Asker, host: string): Promise<Host[]> => {
  const { hosts } = (await askOne(asker, host, { method: 'host.list', params: {}, waitsMs: WITHIN_MS, answersMs: WITHIN_MS })) as { hosts: Host[] }
  return hosts
}

const answering = (asker: Asker, host: string): Promise<void> => eventually(() => listOf(asker, host).then(() => true, () => false), `${host} answers`)

if (lacksRabbit) t.pass(lacksRabbit, { skip: true })
else {
  t.test('many hosts', async (t) => {
    const rabbit = await startRabbit(t)

    await t.test('hosts hear of each other, and who asks all hears all', async (t) => {
      const relays: TestRelay[] = []
      for (const name of ['alpha', 'beta', 'gamma']) relays.push(await startRelay(t, rabbit, name, { answers: vmsOf(name), facts: () => ({ ...emptyHost, images: [name as never] }) }))
      await acquainted(relays)
      const asker = openAsker(t, rabbit)
      const hosts = await listOf(asker, 'beta')
      t.match(hosts, [
        { host: 'alpha', trust: 'unknown', connected: true, images: ['alpha'], publicKey: relays[0]!.key.public.text },
        { host: 'beta', trust: 'self', connected: true, ageSeconds: 0, images: ['beta'] },
        { host: 'gamma', trust: 'unknown', connected: true, vms: { used: 0, limit: 10 } },
      ])
      const { responses, missing } = await gather(asker, { method: 'vm.list', params: {} }, WITHIN_MS)
      t.same(missing, [])
      t.same(
        responses,
        ['alpha', 'beta', 'gamma'].map((host) => ({ host, result: { vms: [{ name: `vm-on-${host}` }] } })),
      )
      t.match(await askOne(asker, 'gamma', { method: 'vm.list', params: {}, waitsMs: WITHIN_MS, answersMs: WITHIN_MS }), { vms: [{ name: 'vm-on-gamma' }] })
      await t.rejects(askOne(asker, 'delta', { method: 'vm.list', params: {}, waitsMs: WITHIN_MS, answersMs: WITHIN_MS }), { name: 'ClusterError', exit: 'unreachable' })

      await t.test('one that has gone without a word is named, and one that is pinned is missed for ever', async (t) => {
        relays[2]!.vanish()
        pin(relays[0]!.folder, 'delta', generateHostKey().public)
        const late = await gather(asker, { method: 'vm.list', params: {} }, 1500)
        t.same(late.responses.map(({ host }) => host), ['alpha', 'beta'])
        t.same(late.missing, ['delta', 'gamma'])
        t.match((await listOf(asker, 'alpha')).find(({ host }) => host === 'delta'), { connected: false, trust: 'pinned' })
      })

      await t.test('one that says that it leaves is not waited for', async (t) => {
        const fourth = await startRelay(t, rabbit, 'epsilon')
        await acquainted([relays[0]!, relays[1]!, fourth])
        await fourth.cluster.leave()
        await eventually(() => !relays[0]!.cluster.knownHosts().includes('epsilon'), 'epsilon is forgotten')
        t.same(relays[0]!.log.filter(({ level }) => Number(level) >= 50), [])
      })
    })

    await t.test('whoever takes a pinned name with another key is not believed', async (t) => {
      const honest = await startRelay(t, rabbit, 'one')
      pin(honest.folder, 'two', generateHostKey().public)
      await startRelay(t, rabbit, 'two', { facts: () => ({ ...emptyHost, images: ['trojan' as never] }) })
      const asker = openAsker(t, rabbit)
      await answering(asker, 'one')
      await eventually(async () => (await listOf(asker, 'one')).some(({ trust }) => trust === 'conflict'), 'the conflict is seen')
      const row = (await listOf(asker, 'one')).find(({ host }) => host === 'two')
      t.match(row, { connected: false, trust: 'conflict' })
      t.notOk(row?.images)
      t.notOk(honest.cluster.knownHosts().includes('two'))
      t.ok(honest.log.some(({ host, level }) => host === 'two' && level === 40), 'it is logged')
    })

    await t.test('JSON-RPC by hand', async (t) => {
      const slow = Promise.withResolvers<object>()
      const answers = {
        ...vmsOf('hand'),
        'vm.get': () => new FakeError(1001, 'no such VM', { name: 'VM_NOT_FOUND' }),
        'vm.stop': () => ({ endedBy: 'guest' }),
        'vm.wait': () => slow.promise,
      }
      const relay = await startRelay(t, rabbit, 'hand', { answers, remote: 'observe' })
      await answering(openAsker(t, rabbit), 'hand')
      const channel = await rabbit.connect().acquire({ emitErrorsFromChannel: true })
      channel.on('error', () => undefined)
      t.teardown(() => channel.close())
      const replies = await openReplies(channel)

      const say = (body: unknown, more: object = {}) =>
        channel.basicPublish({ exchange: CLUSTER, routingKey: hostKey('hand'), replyTo: replies.queue, correlationId: 'c1', ...more }, typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body)))
      const request = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 7, method, params })

      const cases: [string, unknown, object][] = [
        ['a request', request('vm.list'), { id: 7, result: { vms: [{ name: 'vm-on-hand' }] } }],
        ['an error of the daemon', request('vm.get', { vm: 'x' }), { id: 7, error: { code: 1001, message: 'no such VM', data: { name: 'VM_NOT_FOUND' } } }],
        ['what changes things, where only observing is permitted', request('vm.stop', { vm: 'x' }), { id: 7, error: { data: { name: 'ACCESS_DENIED', hint: /"remote": "control"/ } } }],
        ['what turns into raw bytes', request('vm.console', { vm: 'x' }), { id: 7, error: { data: { name: 'ACCESS_DENIED' } } }],
        ['a subscription', request('events.subscribe'), { id: 7, error: { data: { name: 'ACCESS_DENIED' } } }],
        ['a file of the host', request('image.import', { path: '/etc/shadow' }), { id: 7, error: { data: { name: 'ACCESS_DENIED', hint: 'ask on the host itself' } } }],
        ['a secret', request('vpn.invite', { vpn: 'blue' }), { id: 7, error: { data: { name: 'ACCESS_DENIED' } } }],
        ['no such method', request('vm.explode'), { id: 7, error: { code: -32601, data: { name: 'METHOD_NOT_FOUND' } } }],
        ['a name that every object has', request('constructor'), { id: 7, error: { code: -32601 } }],
        ['an envelope that is none', request('host.vpn-invitation', { envelope: 1 }), { id: 7, error: { code: -32602 } }],
        ['no JSON', 'rubbish', { id: null, error: { code: -32700 } }],
        ['nothing', '', { id: null, error: { code: -32700 } }],
        ['a number', '1', { id: null, error: { code: -32600 } }],
        ['null', 'null', { id: null, error: { code: -32600 } }],
        ['a batch', [request('vm.list')], { id: null, error: { code: -32600, message: 'batches are not taken here' } }],
        ['another version', { ...request('vm.list'), jsonrpc: '1.0' }, { id: 7, error: { code: -32600 } }],
        ['params by position', { ...request('vm.list'), params: [] }, { id: 7, error: { code: -32600 } }],
        ['more than 1 MiB', request('vm.list', { x: 'x'.repeat(1_048_576) }), { id: null, error: { data: { name: 'LINE_TOO_LONG' } } }],
        ['deep nesting', `{"jsonrpc":"2.0","id":7,"method":"vm.list","params":{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`, { id: null }],
      ]
      for (const [what, body, expected] of cases) {
        for (const contentType of ['application/json', undefined]) {
          await say(body, { contentType })
          const { message, body: answer } = await replies.next()
          if (what !== 'deep nesting') t.match(answer, { jsonrpc: '2.0', ...expected }, `${what} as ${contentType}`)
          t.match(message, { correlationId: 'c1', headers: { [headers.host]: 'hand' } })
        }
      }

      await t.test('the channel for the answer may be named in the body', async (t) => {
        await channel.basicPublish({ exchange: CLUSTER, routingKey: EVERY_HOST }, { ...request('vm.list'), 'response-channel': replies.queue })
        t.match((await replies.next()).body, { id: 7, result: { vms: [{ name: 'vm-on-hand' }] } })
      })

      await t.test('what nobody waits for any more is not done; a notification is, and is not answered', async (t) => {
        const asked = () => relay.daemon.requests.filter(({ method }) => method === 'vm.plan').length
        await say(request('vm.plan'), { headers: { [headers.deadline]: Date.now() - 1 } })
        t.equal(asked(), 0)
        await say({ jsonrpc: '2.0', method: 'vm.plan', params: { image: 'tiny' } })
        await say({ ...request('vm.list'), id: 'next' })
        t.match((await replies.next()).body, { id: 'next' }, 'neither was answered')
        t.equal(asked(), 1)
      })

      await t.test('answers that cannot be given harm nobody', async (t) => {
        for (const replyTo of ['gone', `amq.rabbitmq.reply-to.${randomUUID()}`, 'amq.rabbitmq.reply-to.g1h2AA==.x', 'x'.repeat(255)]) {
          await say(request('vm.list'), { replyTo })
        }
        for (const queue of ['amq.rabbitmq.reply-to', 'x'.repeat(300), 7]) {
          await say({ ...request('vm.list'), 'response-channel': queue }, { replyTo: undefined })
        }
        // One of these names ends the connection on which it is answered, and with it what else is being answered.
        let isAnswered = false
        void (async () => {
          while (!isAnswered) isAnswered = ((await replies.next()).body as { id: unknown }).id === 'after'
        })()
        await eventually(async () => {
          await say({ ...request('vm.list'), id: 'after' }, { expiration: '500' })
          await delay(200)
          return isAnswered
        }, 'it answers again')
        t.ok(relay.log.some(({ queue }) => queue === 'amq.rabbitmq.reply-to.g1h2AA==.x'), 'that it could not be given is logged')
        t.notOk(relay.log.some(({ msg }) => String(msg).includes('cannot be heard')), 'what hosts tell each other was heard throughout')
      })

      await t.test('slow requests do not keep others from being heard of, nor from looking', async (t) => {
        for (let count = 0; count < 40; count++) await say(request('vm.wait'))
        const newcomer = await startRelay(t, rabbit, 'newcomer')
        await acquainted([relay, newcomer])
        t.equal(relay.daemon.requests.filter(({ method }) => method === 'vm.wait').length, 16, 'so many at a time')
        const asker = openAsker(t, rabbit)
        t.match(await askOne(asker, 'hand', { method: 'vm.list', params: {}, waitsMs: WITHIN_MS, answersMs: WITHIN_MS }), { vms: [{ name: 'vm-on-hand' }] })
        slow.resolve({})
      })
    })
  })
}

/** A queue of the asker's own, by hand. */
async function openReplies(channel: Channel) {
  const { queue } = await channel.queueDeclare({ exclusive: true })
  const came: AsyncMessage[] = []
  let arrive = Promise.withResolvers<void>()
  await channel.basicConsume({ queue, noAck: true }, (message) => {
    came.push(message)
    arrive.resolve()
  })
  const next = async (): Promise<{ message: AsyncMessage; body: unknown }> => {
    while (came.length === 0) {
      arrive = Promise.withResolvers()
      await arrive.promise
    }
    const message = came.shift()!
    return { message, body: message.body as unknown }
  }
  return { queue, next }
}
