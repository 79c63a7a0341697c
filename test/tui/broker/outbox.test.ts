/** What is published arrives, or whoever published it knows that it did not. */
import t from 'tap'
import { Outbox } from '../../../tui/broker/outbox.ts'
import { lacksRabbit, startRabbit } from '../../inputs/rabbitmq.ts'

t.test('messages that must arrive', { skip: lacksRabbit }, async (t) => {
  const client = (await startRabbit(t)).connect()
  const outbox = new Outbox(client)
  t.teardown(() => outbox.close())
  await client.queueDeclare({ queue: 'there' })
  const send = (routingKey: string): Promise<void> => outbox.send({ routingKey, mandatory: true }, Buffer.from('x'))

  t.test('each of many to a queue that is gone is told so, and those to another queue are not', async (t) => {
    const gone = await Promise.allSettled(Array.from({ length: 200 }, () => send('gone')))
    t.equal(gone.filter(({ status }) => status === 'rejected').length, 200)
    const mixed = await Promise.allSettled(Array.from({ length: 200 }, (_, number) => send(number % 20 < 10 ? 'gone' : 'there')))
    t.same(mixed.map(({ status }) => status), Array.from({ length: 200 }, (_, number) => (number % 20 < 10 ? 'rejected' : 'fulfilled')))
    t.equal((await client.queueDeclare({ queue: 'there', passive: true })).messageCount, 100)
  })

  t.test('without that, nobody learns of it', async (t) => {
    await t.resolves(outbox.send({ routingKey: 'gone' }, Buffer.from('x')))
  })

  t.test('a queue that is made anew is reached again', async (t) => {
    await t.rejects(send('late'), { name: 'NoQueue' })
    await client.queueDeclare({ queue: 'late' })
    await t.resolves(send('late'))
  })
})
