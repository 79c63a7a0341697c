/** A message of the exchange between hosts -> what it asks, or why it cannot be read. Pure. */
import type { AsyncMessage } from 'rabbitmq-client'
import { BODY_LIMIT, HostRequest } from '../../policy/broker/host-methods.ts'
import { headers } from '../../policy/broker/topology.ts'
import type { ErrorName } from '../../policy/errors.ts'
import { addressOf, sizeOf, textOf, type ReturnAddress } from '../broker/message.ts'
import { numberIn } from '../broker/request.ts'

export type Id = string | number | null

export interface RemoteRequest {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** Absent for a notification: nothing is answered. */
  readonly id: Id | undefined
}

export type Reading = { readonly address: ReturnAddress } & (
  | { readonly kind: 'request'; readonly request: RemoteRequest }
  | { readonly kind: 'malformed'; readonly error: Extract<ErrorName, 'PARSE_ERROR' | 'INVALID_REQUEST' | 'LINE_TOO_LONG'>; readonly why: string; readonly id: Id }
)

export function readHostRequest(message: Pick<AsyncMessage, 'body' | 'replyTo' | 'correlationId'>): Reading {
  if (sizeOf(message) > BODY_LIMIT) {
    const address = { queue: message.replyTo, correlationId: message.correlationId }
    return { address, kind: 'malformed', error: 'LINE_TOO_LONG', why: `the body has more than ${BODY_LIMIT} bytes`, id: null }
  }
  const address = addressOf(message)
  let body: unknown
  try {
    body = JSON.parse(textOf(message))
  } catch {
    return { address, kind: 'malformed', error: 'PARSE_ERROR', why: 'the body is not JSON, or is nested too deep', id: null }
  }
  const { data, error } = HostRequest.safeParse(body)
  if (data) return { address, kind: 'request', request: { method: data.method, params: data.params ?? {}, id: data.id } }
  const [issue] = error.issues
  const path = issue?.path.map(String).join('.')
  const why = Array.isArray(body) ? 'batches are not taken here' : `${path || 'the body'}: ${issue?.message ?? 'does not fit'}`
  return { address, kind: 'malformed', error: 'INVALID_REQUEST', why, id: idOf(body) }
}

/**
 * Whether nobody waits for it any more. RabbitMQ itself drops what has expired while it was in a queue; `waitedMs`: how long it
 * has been here since, which needs no clocks that agree.
 */
export function isExpired({ headers: given, expiration }: Pick<AsyncMessage, 'headers' | 'expiration'>, now: number, waitedMs: number): boolean {
  const deadline = numberIn(given?.[headers.deadline]) ?? 0
  return (deadline > 0 && deadline < now) || waitedMs > (numberIn(expiration) ?? Infinity)
}

function idOf(body: unknown): Id {
  const id = typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as { id?: unknown }).id : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}
