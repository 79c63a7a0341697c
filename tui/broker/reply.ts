/** Sends answers; one that nobody waits for any more is lost without a word, as it is with AMQP. */
import { headers } from '../../policy/broker/topology.ts'
import type { ReturnAddress } from './message.ts'
import type { Outbox } from './outbox.ts'

export type Reply = (address: ReturnAddress, answer: unknown) => Promise<void>

export function createReply(outbox: Outbox, host: string): Reply {
  return async ({ queue, correlationId }, answer) => {
    if (queue === undefined || answer === undefined) return
    const envelope = { exchange: '', routingKey: queue, headers: { [headers.host]: host }, ...(correlationId !== undefined && { correlationId }) }
    await outbox.send(envelope, answer as object)
  }
}
