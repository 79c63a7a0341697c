/** A message of the queue that hosts compete for -> what it asks. Pure, but for the time, which is passed in. */
import { createHash } from 'node:crypto'
import type { AsyncMessage } from 'rabbitmq-client'
import { vmMethods } from '../../policy/api/vm.ts'
import { BODY_LIMIT } from '../../policy/broker/host-methods.ts'
import { headers } from '../../policy/broker/topology.ts'
import { PassedBy } from '../../policy/broker/passed-by.ts'
import { LegacyCreate, LegacyMessage } from '../../policy/legacy.ts'
import { paramsOf, type LegacyHost } from '../legacy/commands.ts'
import { addressOf, sizeOf, textOf, type ReturnAddress } from './message.ts'

export type CreateParams = ReturnType<(typeof vmMethods)['vm.create']['params']['parse']>

/** In which of the two languages it was asked, and so is answered. */
export type Form =
  | { readonly kind: 'legacy'; readonly options: LegacyCreate }
  | { readonly kind: 'rpc'; readonly id: string | number | undefined }

export interface CreateRequest {
  readonly form: Form
  /** With all that was left out filled in. */
  readonly params: CreateParams
  /** What makes it the same request, however often it is delivered; absent where it was given none yet. */
  readonly id: string | undefined
  /** Milliseconds since the epoch. */
  readonly deadline: number
  readonly passedBy: PassedBy
  readonly address: ReturnAddress
  /** As it goes on to another queue. */
  readonly text: string
}

export type Read =
  | { readonly kind: 'create'; readonly request: CreateRequest }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly address: ReturnAddress; readonly form: Form }

/** Thrown within this file alone. */
class Unreadable extends Error {}

export interface ReadOptions {
  readonly now: number
  readonly deadlineSeconds: number
  readonly legacy: LegacyHost
}

export function readRequest(message: AsyncMessage, options: ReadOptions): Read {
  const address = addressOf(message)
  let form: Form = { kind: 'legacy', options: { image: '', 'init-script': undefined, vpn: undefined, 'public-ip': undefined } }
  try {
    if (sizeOf(message) > BODY_LIMIT) throw new Unreadable(`the body has more than ${BODY_LIMIT} bytes`)
    const body = readObject(message)
    const isRpc = 'jsonrpc' in body || 'method' in body
    if (isRpc) form = { kind: 'rpc', id: typeof body['id'] === 'string' || typeof body['id'] === 'number' ? body['id'] : undefined }
    const asked = isRpc ? { form, params: readRpc(body) } : readLegacy(body, options.legacy)
    const request: CreateRequest = {
      ...asked,
      id: identify(message, asked.params.requestId),
      deadline: deadlineOf(message, options),
      passedBy: readPassedBy(message),
      address,
      text: textOf(message),
    }
    return { kind: 'create', request }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { kind: 'unreadable', reason: error.message, address, form }
  }
}

function readObject(message: AsyncMessage): Record<string, unknown> {
  let body: unknown
  try {
    body = JSON.parse(textOf(message))
  } catch (error) {
    // Nested so deep that it cannot be written again, or no JSON at all.
    throw new Unreadable(error instanceof RangeError ? 'the body is nested too deep' : 'the body is not JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Unreadable('the body is not a JSON object')
  return body as Record<string, unknown>
}

function readRpc(body: Record<string, unknown>): CreateParams {
  if (body['jsonrpc'] !== '2.0') throw new Unreadable('"jsonrpc" must be "2.0"')
  if (body['method'] !== 'vm.create') throw new Unreadable('of JSON-RPC, only vm.create is taken here')
  return parseParams(body['params'] ?? {})
}

function readLegacy(body: Record<string, unknown>, host: LegacyHost): { form: Form; params: CreateParams } {
  const message = LegacyMessage.safeParse(body)
  if (!message.success) throw new Unreadable(`the message does not fit: ${complaint(message.error.issues)}`)
  const { command } = message.data
  if (command !== 'create-vm') throw new Unreadable(`there is no command ${JSON.stringify(command.slice(0, 64))} here, only create-vm`)
  const options = LegacyCreate.safeParse(message.data.options ?? {})
  if (!options.success) throw new Unreadable(`the options do not fit: ${complaint(options.error.issues)}`)
  return { form: { kind: 'legacy', options: options.data }, params: parseParams(paramsOf(options.data, host)) }
}

function parseParams(value: unknown): CreateParams {
  const params = vmMethods['vm.create'].params.safeParse(value)
  if (!params.success) throw new Unreadable(`the params do not fit: ${complaint(params.error.issues)}`)
  return params.data
}

function complaint([issue]: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const path = issue?.path.map(String).join('.')
  return `${path ? `${path}: ` : ''}${issue?.message ?? ''}`
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A correlation id is often a counter of the client's, and so no identity, unless by its form nobody else has it. */
function identify({ messageId, correlationId }: AsyncMessage, requestId: string | undefined): string | undefined {
  return requestId ?? (messageId || (correlationId !== undefined && UUID.test(correlationId) ? correlationId : undefined))
}

const hash = (text: string, encoding: 'hex' | 'base64url'): string => createHash('sha256').update(text).digest(encoding)

/** Of a request's id, as part of a queue's name: 96 bits in 16 characters, for it has to be short (claims.ts). */
export const digestOf = (id: string): string => hash(id, 'base64url').slice(0, 16)

/** What the daemon takes as requestId: an AMQP message-id may have any characters. */
export const requestIdOf = (id: string): string => (/^[\x21-\x7e]{1,255}$/.test(id) ? id : `sha256-${hash(id, 'hex')}`)

/** From now. Who says more gets this much: a claim outlives it, and RabbitMQ takes no `expiration` of more than 49 days. */
export const LONGEST_MS = 24 * 3_600_000

function deadlineOf(message: AsyncMessage, options: ReadOptions): number {
  return Math.min(saidDeadline(message, options), options.now + LONGEST_MS)
}

function saidDeadline(message: AsyncMessage, { now, deadlineSeconds }: ReadOptions): number {
  const said = numberIn(message.headers?.[headers.deadline])
  if (said !== undefined && said > 0) return said
  const { timestamp, expiration } = message
  const begin = timestamp ? timestamp * 1000 : now
  return begin + (numberIn(expiration ?? originalExpiration(message)) ?? deadlineSeconds * 1000)
}

/** A whole number as clients put one into a table of AMQP: an object there can have members by which Number throws. */
export function numberIn(value: unknown): number | undefined {
  const number = (typeof value === 'string' && value !== '') || typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

/** RabbitMQ takes `expiration` off a message that it has expired, and notes it. */
function originalExpiration(message: AsyncMessage): unknown {
  return deathOf(message)?.['original-expiration']
}

/** The last time that a queue gave the message up: RabbitMQ's header x-death has the newest first. */
export function deathOf(message: AsyncMessage): { readonly queue?: unknown; readonly reason?: unknown; readonly 'original-expiration'?: unknown } | undefined {
  const deaths: unknown = message.headers?.['x-death']
  const [first] = Array.isArray(deaths) ? (deaths as unknown[]) : []
  return typeof first === 'object' && first !== null ? first : undefined
}

/** Characters: what some hundred hosts say, and half of a frame. */
const PASSED_BY_LIMIT = 65_536

function readPassedBy(message: AsyncMessage): PassedBy {
  const text: unknown = message.headers?.[headers.passedBy]
  if (typeof text !== 'string' || text.length > PASSED_BY_LIMIT) return {}
  try {
    return PassedBy.parse(JSON.parse(text))
  } catch {
    // Somebody else's doing: the worst that comes of it is that hosts are asked once more.
    return {}
  }
}
