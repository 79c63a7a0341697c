/** Sends answers; one that nobody waits for any more is lost without a word, as it is with AMQP. */
import type { Logger } from 'pino'
import { headers } from '../../policy/broker/topology.ts'
import type { ReturnAddress } from './message.ts'
import type { Outbox } from './outbox.ts'

/** Never throws: what was done is done, and is not done again because its answer finds nobody. */
export type Reply = (address: ReturnAddress, answer: object | undefined) => Promise<void>

/**
 * The outbox has to be on a connection of its own: for some addresses that anybody can make up, such as
 * `amq.rabbitmq.reply-to.x.y`, RabbitMQ ends the connection that says them.
 */
export function createReply(outbox: Outbox, host: string, log: Logger): Reply {
  return async ({ queue, correlationId }, answer) => {
    if (queue === undefined || answer === undefined) return
    // a durable queue of the client's keeps it over a restart of RabbitMQ; for others it changes nothing
    const envelope = { exchange: '', durable: true, routingKey: queue, headers: { [headers.host]: host }, ...(correlationId !== undefined && { correlationId }) }
    const send = (): Promise<void> => outbox.send(envelope, answer)
    // An address like that of somebody else may have ended the connection under this one.
    await send().catch(send).catch((error: unknown) => log.warn({ queue, why: (error as Error).message }, 'an answer could not be sent'))
  }
}
