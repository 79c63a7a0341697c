/** RabbitMQ as its admins set it up, and change it. */
import { Connection } from 'rabbitmq-client'
import t from 'tap'
import { claimQueue, COMPETING, hostQueue } from '../../../policy/broker/topology.ts'
import { Claims } from '../../../tui/broker/claims.ts'
import { digestOf } from '../../../tui/broker/request.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { eventually } from '../../system/daemon.ts'
import { startFakeHost, type FakeHost } from './fake-host.ts'

/** Bytes. RabbitMQ's own is 131072. */
const FRAME_MAX = 8192

t.test('a RabbitMQ', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t, undefined, [`frame_max = ${FRAME_MAX}`])
  const join = (host: string, vhost: string, config = {}): Promise<FakeHost> =>
    startFakeHost(t, rabbit, host, { config, settings: { address: { hostname: '127.0.0.1', port: rabbit.port, vhost } } })

  await t.test('with smaller frames than usual: what takes several of them arrives, and goes on', async (t) => {
    const host = await join('frames', '/', { deadlineSeconds: 5 })
    await host.logs('takes requests')
    const client = new Connection({ hostname: '127.0.0.1', port: rabbit.port, frameMax: FRAME_MAX })
    t.teardown(() => client.unsafeDestroy())
    const options = { image: 'small', 'init-script': '#'.repeat(4 * FRAME_MAX) }
    // Without an identity, it is published again by the relay.
    for (const size of [1, 2]) {
      await client.createPublisher({ confirm: true }).send({ routingKey: COMPETING }, { command: 'create-vm', options })
      await eventually(() => host.made.length === size, () => host.log())
    }
    t.notMatch(host.log(), /is lost|put aside/)
    await host.relay.leave()
  })

  await t.test('with a virtual host whose queues are quorum queues where nothing else is said: a name is still that of one relay', async (t) => {
    await makeVhost(rabbit, 'quorum', '--default-queue-type', 'quorum')
    const first = await join('a', 'quorum')
    await first.logs('takes requests')
    const second = await join('a', 'quorum')
    await t.rejects(second.relay.failed, { name: 'UserError', data: { name: 'BROKER_HOST_TAKEN' } })
    t.notMatch(second.log(), 'takes requests')
  })

  await t.test('with a queue of another type under the name of a host\'s own: it is told, and takes nothing', async (t) => {
    const client = rabbit.connect()
    await client.queueDeclare({ queue: hostQueue('b'), durable: true, arguments: { 'x-queue-type': 'quorum' } })
    const host = await join('b', '/')
    await host.logs(`for queue '${hostQueue('b')}' in vhost '/': received`)
    t.notMatch(host.log(), 'takes requests')
    await client.queueDelete({ queue: hostQueue('b') })
    await host.logs('takes requests')
    await host.relay.leave()
  })

  await t.test('a host\'s own queue is no way past its limits, for whoever may publish to it', async (t) => {
    const host = await join('full', '/', { limits: { vms: 0 } })
    await host.logs('takes no requests for VMs: full')
    const client = rabbit.connect()
    const answers = await client.queueDeclare({ exclusive: true })
    await client.createPublisher({ confirm: true }).send({ routingKey: hostQueue('full'), replyTo: answers.queue, messageId: 'sneaky', expiration: '3000' }, { command: 'create-vm', options: { image: 'small' } })
    let answer: unknown
    await eventually(async () => (answer = (await client.basicGet({ queue: answers.queue, noAck: true }))?.body) !== undefined, () => host.log())
    t.match(answer, { 'execution-info': { status: 'error', reason: /no host has taken it/ } })
    t.same(host.made, [])
  })

  await t.test('with as many queues as it may have: that is told, and no other host is thought to have claimed the request', async (t) => {
    await makeVhost(rabbit, 'small')
    const host = await join('a', 'small')
    await host.logs('takes requests')
    const client = new Connection({ hostname: '127.0.0.1', port: rabbit.port, vhost: 'small' })
    t.teardown(() => client.unsafeDestroy())
    await rabbit.control('set_vhost_limits', '-p', 'small', '{"max-queues": 1}')
    await client.createPublisher({ confirm: true }).send({ routingKey: COMPETING, messageId: 'one-more' }, { command: 'create-vm', options: { image: 'small' } })
    await host.logs('queue limit in vhost')
    t.notMatch(host.log(), /claimed/)
    t.same(host.made, [])
    await rabbit.control('clear_vhost_limits', '-p', 'small')
    await eventually(() => host.made.length === 1, () => host.log())
  })

  await t.test('which lets a user have one connection: that there are no answers is told', async (t) => {
    await makeVhost(rabbit, 'narrow')
    const host = await join('a', 'narrow')
    await host.logs('takes requests')
    await rabbit.control('set_vhost_limits', '-p', 'narrow', '{"max-connections": 1}')
    const connections = (await rabbit.control('list_connections', 'pid', 'client_properties')).split('\n')
    const [pid = ''] = connections.filter((line) => line.includes('aetherscale a answers')).at(-1)?.split('\t') ?? []
    await rabbit.control('close_connection', pid, 'the admin ends it')
    await host.logs('lets this host have no second connection')
    t.match(host.log(), /"why":"[^"]*the admin ends it"/)
    await rabbit.control('clear_vhost_limits', '-p', 'narrow')
    await host.relay.leave()
  })

  await t.test('of several nodes, one of which is away: what is claimed there is not thought to be claimed by nobody', async (t) => {
    const connection = rabbit.connect()
    const claims = new Claims(connection, 'a')
    await claims.take('kept-there')
    await moveAway(rabbit, claimQueue(digestOf('kept-there')))
    await t.rejects(claims.isTaken('kept-there'), { message: /home node .* is down/ })
    await t.rejects(claims.take('kept-there'), { message: /home node .* is down/ })
    t.equal(await claims.isTaken('free'), false)
    await claims.close()
  })
})

async function makeVhost(rabbit: TestRabbit, name: string, ...more: string[]): Promise<void> {
  await rabbit.control('add_vhost', name, ...more)
  await rabbit.control('set_permissions', '-p', name, 'guest', '.*', '.*', '.*')
}

/** As it is when the node goes on which the queue was: among the durable ones, and not among those that there are. */
async function moveAway(rabbit: TestRabbit, queue: string): Promise<void> {
  await rabbit.control('eval', `mnesia:dirty_delete(rabbit_queue, rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)).`)
}
