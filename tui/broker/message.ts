/** What rabbitmq-client hands over of a message -> its bytes, and where answers go. */
import type { AsyncMessage } from 'rabbitmq-client'

/** Where answers go; no queue where nobody waits for one. */
export interface ReturnAddress {
  readonly queue: string | undefined
  readonly correlationId: string | undefined
}

/** AMQP 0-9-1, short string. */
const SHORT_STRING = 255

type Content = Pick<AsyncMessage, 'body'>

/**
 * The body as text. The library has parsed it already where content_type says JSON and it is; written again, it says the same.
 *
 * @throws RangeError of a body that is nested deeper than can be written
 */
export function textOf({ body }: Content): string {
  if (Buffer.isBuffer(body)) return body.toString('utf8')
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** In bytes. What cannot be written again was parsed: its size is unknown, and what is done about it follows from its depth. */
export function sizeOf(message: Content): number {
  if (Buffer.isBuffer(message.body)) return message.body.length
  try {
    return Buffer.byteLength(textOf(message))
  } catch {
    return 0
  }
}

/** What a client says to RabbitMQ, which makes an address of it; as an address it is none, and RabbitMQ closes the channel for it. */
const DIRECT_REPLY = 'amq.rabbitmq.reply-to'

/** The property reply_to, or `response-channel` of the body. A name that no queue can have is as good as none. */
export function addressOf(message: Pick<AsyncMessage, 'body' | 'replyTo' | 'correlationId'>): ReturnAddress {
  const channel = message.replyTo ?? responseChannel(message)
  const isName = typeof channel === 'string' && channel !== '' && channel !== DIRECT_REPLY && Buffer.byteLength(channel) <= SHORT_STRING
  return { queue: isName ? channel : undefined, correlationId: message.correlationId }
}

function responseChannel({ body }: Content): unknown {
  let value: unknown = body
  if (Buffer.isBuffer(body) || typeof body === 'string') {
    try {
      value = JSON.parse(body.toString())
    } catch {
      return undefined
    }
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['response-channel'] : undefined
}
