/** An answer that its client has not fetched yet. */
import t from 'tap'
import { LEGACY_FOR_ALL, COMPUTING } from '../../policy/broker/topology.ts'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { startTestRelay } from './relay.ts'

t.test('an answer in a durable queue outlives RabbitMQ\'s being killed', { skip: lacksRabbit }, async (t) => {
  const [rabbit, daemon] = await Promise.all([startRabbit(t), startTestDaemon(t)])
  await startTestRelay(t, daemon, rabbit, 'host1')
  const client = rabbit.connect()
  const queue = 'answers'
  await client.queueDeclare({ queue, durable: true })
  const publisher = client.createPublisher({ confirm: true })
  t.teardown(() => publisher.close())
  const [command] = LEGACY_FOR_ALL
  const count = async (): Promise<number> => (await client.queueDeclare({ queue, passive: true })).messageCount
  await eventually(async () => {
    await publisher.send({ exchange: COMPUTING, routingKey: command, replyTo: queue }, { command })
    return (await count()) > 0
  }, 'it is not answered')
  await rabbit.kill()
  await rabbit.start()
  await eventually(() => count().then((messages) => messages > 0, () => false), 'the answer is gone')
})
