/** What a message says about itself is anybody's to write: whatever it is, the request is served, and none goes in circles. */
import t from 'tap'
import type { Envelope } from 'rabbitmq-client'
import { COMPETING, COMPUTING, DEAD, headers } from '../../policy/broker/topology.ts'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { makeEmptyImage, startTestRelay } from './relay.ts'

/** As a table of AMQP can have them, and for which Number throws. */
const NO_NUMBER = { toString: 'x', valueOf: 'x' }

const forged: Readonly<Record<string, Envelope>> = {
  'a deadline in the year 9999': { headers: { [headers.deadline]: 253_402_300_799_000 } },
  'the same as text': { headers: { [headers.deadline]: '253402300799000' } },
  'a deadline that is a table': { headers: { [headers.deadline]: NO_NUMBER } },
  'a deadline that is true': { headers: { [headers.deadline]: true } },
  'a death that RabbitMQ has not written': { headers: { 'x-death': [{ reason: 'expired', 'original-expiration': NO_NUMBER }] } },
  'a list of deaths that is none': { headers: { 'x-death': 'yes' } },
  'hosts that have passed by, which are none': { headers: { [headers.passedBy]: '{"__proto__":{"reason":"x","lasting":true}}' } },
  'a timestamp in milliseconds': { timestamp: Date.now() },
  'a timestamp of more than can be counted': { timestamp: 2 ** 63 },
  'an expiration of 49 days': { expiration: String(2 ** 32 - 1) },
  'an encoding': { contentEncoding: 'gzip' },
}

t.test('requests with forged properties', { skip: lacksRabbit }, async (t) => {
  const [rabbit, daemon] = await Promise.all([startRabbit(t), startTestDaemon(t)])
  makeEmptyImage(daemon, 'small')
  const relay = await startTestRelay(t, daemon, rabbit, 'host1', { legacy: { memoryMiB: 32 } })
  const client = rabbit.connect()
  const queue = 'answers'
  const answered = new Map<string, unknown[]>()
  const consumer = client.createConsumer({ queue, queueOptions: { exclusive: true } }, ({ body, correlationId }) => {
    answered.set(correlationId!, [...(answered.get(correlationId!) ?? []), body])
  })
  t.teardown(() => consumer.close())
  // it is declared by then
  await eventually(() => consumer.stats.initialMessageCount === 0, () => 'the queue for answers is not consumed')
  // as soon as the relay has declared both
  await eventually(() => client.queueBind({ queue: COMPETING, exchange: COMPUTING, routingKey: 'create-vm' }).then(() => true, () => false), 'the queue is not there')
  const publisher = client.createPublisher({ confirm: true })
  t.teardown(() => publisher.close())
  for (const [name, properties] of Object.entries(forged)) {
    const envelope = { exchange: COMPUTING, routingKey: 'create-vm', replyTo: queue, correlationId: name, ...properties }
    await publisher.send(envelope, Buffer.from(JSON.stringify({ command: 'create-vm', options: { image: 'small' } })))
  }
  const names = Object.keys(forged)
  await eventually(
    () => names.every((name) => answered.get(name)?.length === 2),
    () => `not answered: ${names.filter((name) => answered.get(name)?.length !== 2).join(', ')}\n${relay.log().slice(-3000)}`,
  )
  for (const name of names) t.match(answered.get(name)?.[1], { response: { status: 'starting' } }, name)
  t.equal((await daemon.client.call('vm.list', {})).vms.length, names.length, 'one VM each')
  t.equal((await client.queueDeclare({ queue: DEAD, passive: true })).messageCount, 0)
  t.notMatch(relay.log(), /is tried again/)
})
