/** Publishes a request anew: with an identity, to the next host, to wait, to the host that has claimed it, or to the dead. */
import { randomUUID } from 'node:crypto'
import type { AsyncMessage, Envelope } from 'rabbitmq-client'
import type { PassedBy } from '../../policy/broker/passed-by.ts'
import { COMPETING, DEAD, headers, hostQueue, LATER } from '../../policy/broker/topology.ts'
import { textOf } from './message.ts'
import type { Outbox } from './outbox.ts'
import { REASON_LIMIT } from './pass-on.ts'
import type { CreateRequest } from './request.ts'

/** How long a host that has claimed a request may be away before whoever asked is told so; longer where the request says more. */
export const OWNER_MS = 60_000

export class Forward {
  readonly #outbox: Outbox

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Gives it an identity, the deadline that it has by now, and a place at the end of the queue. */
  stamp(message: AsyncMessage, request: CreateRequest): Promise<void> {
    return this.#send(COMPETING, message, { ...request, id: randomUUID() }, remaining(request))
  }

  toNext(message: AsyncMessage, request: CreateRequest, passedBy: PassedBy): Promise<void> {
    return this.#send(COMPETING, message, { ...request, passedBy }, remaining(request))
  }

  /** RabbitMQ brings it back by itself; the time that it waits there is the queue's. */
  toLater(message: AsyncMessage, request: CreateRequest, passedBy: PassedBy): Promise<void> {
    return this.#send(LATER, message, { ...request, passedBy })
  }

  /** @throws Error where that host has no queue */
  toOwner(message: AsyncMessage, request: CreateRequest, host: string): Promise<void> {
    return this.#send(hostQueue(host), message, request, Math.max(remaining(request), OWNER_MS))
  }

  /** @throws RangeError of a body that cannot be written again */
  toDead(message: AsyncMessage, reason: string): Promise<void> {
    const body = Buffer.isBuffer(message.body) ? message.body : Buffer.from(textOf(message))
    // A reason can quote a message, and the header has to fit a frame.
    return this.#outbox.send({ routingKey: DEAD, durable: true, mandatory: true, headers: { [headers.reason]: reason.slice(0, REASON_LIMIT) }, ...propertiesOf(message) }, body)
  }

  /** Properties that we do not know are left behind: a table of headers can have types that cannot be written again. */
  #send(queue: string, message: AsyncMessage, request: CreateRequest, expiration?: number): Promise<void> {
    const { id, deadline, passedBy, address, text } = request
    const envelope: Envelope = {
      routingKey: queue,
      durable: true,
      mandatory: true,
      headers: { [headers.deadline]: String(deadline), [headers.passedBy]: JSON.stringify(passedBy) },
      ...propertiesOf(message),
      ...(id !== undefined && { messageId: id }),
      ...(address.queue !== undefined && { replyTo: address.queue }),
      ...(expiration !== undefined && { expiration: String(expiration) }),
    }
    return this.#outbox.send(envelope, Buffer.from(text))
  }
}

/** As they came. */
function propertiesOf({ contentType, correlationId, replyTo, messageId, timestamp }: AsyncMessage): Envelope {
  return {
    ...(contentType !== undefined && { contentType }),
    ...(correlationId !== undefined && { correlationId }),
    ...(replyTo !== undefined && { replyTo }),
    ...(messageId !== undefined && { messageId }),
    // a larger one cannot be written again
    ...(Number.isSafeInteger(timestamp) && { timestamp: timestamp! }),
  }
}

/** Milliseconds; not none, or RabbitMQ gives the message up before it has offered it. */
const remaining = ({ deadline }: CreateRequest): number => Math.max(1, deadline - Date.now())
