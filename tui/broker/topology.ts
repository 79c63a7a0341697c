/** Declares what lies in RabbitMQ; policy/broker/topology.ts says what that is. */
import { AMQPChannelError, AMQPError, type Channel, type Connection, type MethodParams, type Cmd } from 'rabbitmq-client'
import { COMPETING, COMPUTING, DEAD, DELIVERY_LIMIT, hostQueue, LATER, UNSERVED } from '../../policy/broker/topology.ts'

type QueueParams = MethodParams[Cmd.QueueDeclare]

/** How long requests wait that all hosts have passed on. */
const LATER_MS = 1000

const deadLetterTo = (queue: string): Record<string, string> => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue })

/** A queue that RabbitMQ keeps on disk, and on several of its nodes where it has them; it counts how often each message was given back. */
const quorum = (queue: string, more: Record<string, unknown>): QueueParams => ({ queue, durable: true, arguments: { 'x-queue-type': 'quorum', ...more } })

/**
 * A queue has one target for dead letters, whatever the reason. Requests whose time is over, and those that were given back too
 * often, both come to UNSERVED; whoever consumes that answers the former and rejects the latter, which brings them to DEAD.
 */
function queues(deadlineSeconds: number): QueueParams[] {
  const keptInDeath = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }
  return [
    quorum(DEAD, {}),
    quorum(UNSERVED, { ...deadLetterTo(DEAD), ...keptInDeath, 'x-delivery-limit': DELIVERY_LIMIT }),
    // Requests that say nothing about their time must not lie for ever where all hosts are full and none consumes.
    quorum(COMPETING, { ...deadLetterTo(UNSERVED), ...keptInDeath, 'x-delivery-limit': DELIVERY_LIMIT, 'x-message-ttl': deadlineSeconds * 1000 }),
    quorum(LATER, { ...deadLetterTo(COMPETING), ...keptInDeath, 'x-message-ttl': LATER_MS }),
  ]
}

/** Of a queue that must be no other, whatever the virtual host makes of those that say no type. */
export const CLASSIC = { 'x-queue-type': 'classic' } as const

/** A host's own queue is a classic one: of a quorum queue RabbitMQ 3.10 lets two consume exclusively. */
const ownQueue = (host: string): QueueParams => ({ queue: hostQueue(host), durable: true, arguments: { ...CLASSIC, ...deadLetterTo(UNSERVED) } })

/**
 * Makes what is missing, and binds nothing. What is there with other properties is used as it is, and told; but for the host's
 * own queue, which could be one that two may consume.
 */
export async function declareTopology(connection: Connection, host: string, deadlineSeconds: number, onOther: (why: string) => void): Promise<void> {
  await orAsItIs(connection, (channel, passive) => channel.exchangeDeclare({ exchange: COMPUTING, type: 'direct', durable: true, passive }), onOther)
  for (const params of queues(deadlineSeconds)) {
    await orAsItIs(connection, (channel, passive) => channel.queueDeclare({ ...params, passive }), onOther)
  }
  await onChannel(connection, (channel) => channel.queueDeclare(ownQueue(host)))
}

async function orAsItIs(
  connection: Connection,
  declare: (channel: Channel, passive: boolean) => Promise<unknown>,
  onOther: (why: string) => void,
): Promise<void> {
  try {
    await onChannel(connection, (channel) => declare(channel, false))
  } catch (error) {
    if (!isRefusal(error, 'PRECONDITION_FAILED')) throw error
    onOther(error.message)
    await onChannel(connection, (channel) => declare(channel, true))
  }
}

/** On a channel of its own: RabbitMQ closes one on which it refuses something. */
async function onChannel<T>(connection: Connection, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true })
  channel.on('error', () => undefined)
  try {
    return await work(channel)
  } finally {
    await channel.close()
  }
}

/** Whether RabbitMQ has answered with this code (AMQP 0-9-1, section 1.3). */
export function isRefusal(error: unknown, code: 'PRECONDITION_FAILED' | 'NOT_FOUND' | 'ACCESS_REFUSED' | 'RESOURCE_LOCKED'): error is AMQPChannelError {
  return error instanceof AMQPChannelError && error.code === code
}

/** Whether RabbitMQ, or the way to it, has said no. */
export const isAmqpError = (error: unknown): error is AMQPError => error instanceof AMQPError

/** Whether the queue has an exclusive consumer already: RabbitMQ answers that with the code by which it says that a user may not. */
export function isInUse(error: unknown): boolean {
  return isRefusal(error, 'ACCESS_REFUSED') && error.message.includes('in exclusive use')
}
