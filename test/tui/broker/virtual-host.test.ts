/** Virtual hosts as admins of RabbitMQ set them up, change them, and take them away. */
import t from 'tap'
import { hostQueue } from '../../../policy/broker/topology.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { startFakeHost, type FakeHost } from './fake-host.ts'

t.test('a virtual host', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t)
  const join = (host: string, vhost: string, config = {}): Promise<FakeHost> =>
    startFakeHost(t, rabbit, host, { config, settings: { address: { hostname: '127.0.0.1', port: rabbit.port, vhost } } })

  await t.test('whose queues are quorum queues where nothing else is said: a name is still that of one relay', async (t) => {
    await makeVhost(rabbit, 'quorum', '--default-queue-type', 'quorum')
    const first = await join('a', 'quorum')
    await first.logs('takes requests')
    const second = await join('a', 'quorum')
    await t.rejects(second.relay.failed, { name: 'UserError', data: { name: 'BROKER_HOST_TAKEN' } })
    t.notMatch(second.log(), 'takes requests')
  })

  await t.test('where a queue of another type has the name of a host\'s own: it is told, and takes nothing', async (t) => {
    const client = rabbit.connect()
    await client.queueDeclare({ queue: hostQueue('b'), durable: true, arguments: { 'x-queue-type': 'quorum' } })
    const host = await join('b', '/')
    await host.logs(`for queue '${hostQueue('b')}' in vhost '/': received`)
    t.notMatch(host.log(), 'takes requests')
    await client.queueDelete({ queue: hostQueue('b') })
    await host.logs('takes requests')
  })
})

async function makeVhost(rabbit: TestRabbit, name: string, ...more: string[]): Promise<void> {
  await rabbit.control('add_vhost', name, ...more)
  await rabbit.control('set_permissions', '-p', name, 'guest', '.*', '.*', '.*')
}
