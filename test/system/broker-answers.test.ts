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
  for (const queue of ['answers', 'others']) await client.queueDeclare({ queue, durable: true })
  const publisher = client.createPublisher({ confirm: true })
  t.teardown(() => publisher.close())
  const [command] = LEGACY_FOR_ALL
  const ask = (replyTo: string): Promise<void> => publisher.send({ exchange: COMPUTING, routingKey: command, replyTo }, { command })
  const count = async (queue: string): Promise<number> => (await client.queueDeclare({ queue, passive: true })).messageCount
  const others = async (): Promise<boolean> => (await ask('others'), (await count('others')) > 0)
  await eventually(others, 'it is not answered')
  await ask('answers')
  await eventually(async () => (await count('answers')) === 1, 'it is not answered once more')
  await client.queuePurge('others')
  // answers go in their order: the relay knows by now that the one before has arrived, and will not send it again
  await eventually(others, 'it is not answered at last')
  await rabbit.kill()
  await rabbit.start()
  // the client connects anew by itself: until it has, asking fails
  await eventually(() => count('answers').then(() => true, () => false), 'RabbitMQ, or the queue, has not come back')
  t.equal(await count('answers'), 1, 'the one answer is there, once')
})
