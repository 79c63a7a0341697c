/** Requests that RabbitMQ has given up: those whose time is over are answered, by full hosts as well; the others are dead. */
import { COMPETING, headers, hostQueue } from '../../policy/broker/topology.ts'
import { answerError } from './answers.ts'
import type { Claims } from './claims.ts'
import type { Delivery } from './consumer.ts'
import type { CreateHandler } from './create.ts'
import type { Forward } from './forward.ts'
import { explainReturns, explainSilence } from './pass-on.ts'
import type { Reply } from './reply.ts'
import { deathOf } from './request.ts'

export interface UnservedOptions {
  readonly creates: CreateHandler
  readonly claims: Claims
  readonly forward: Forward
  readonly reply: Reply
}

const OWN_PREFIX = hostQueue('')

export function createUnservedHandler({ creates, claims, forward, reply }: UnservedOptions): (delivery: Delivery) => Promise<void> {
  return async (delivery) => {
    const death = deathOf(delivery.message)
    const read = creates.read(delivery)
    if (read.kind === 'unreadable') return delivery.reject()
    const { request } = read
    if (death?.reason !== 'expired') {
      // One that was rejected has its answer.
      if (death?.reason === 'delivery_limit') await reply(request.address, answerError(request.form, 'BROKER_NO_HOST', explainReturns()))
      return delivery.reject()
    }
    const queue = typeof death.queue === 'string' ? death.queue : ''
    if (queue.startsWith(OWN_PREFIX)) {
      const owner = queue.slice(OWN_PREFIX.length)
      await reply(request.address, answerError(request.form, 'BROKER_NO_HOST', explainSilence(owner)))
      return delivery.ack()
    }
    if (request.id !== undefined && (await claims.isTaken(request.id))) return creates.serveClaimed(delivery, request)
    // The queue itself has a limit, and the request may say more.
    const isDated = delivery.message.timestamp !== undefined || delivery.message.headers?.[headers.deadline] !== undefined
    if (queue === COMPETING && request.deadline > Date.now() && isDated) {
      if (request.id === undefined) await forward.stamp(delivery.message, request)
      else await forward.toNext(delivery.message, request, request.passedBy)
      return delivery.ack()
    }
    await creates.answerNobody(delivery, request)
  }
}
