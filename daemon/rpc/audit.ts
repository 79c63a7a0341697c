/** The log line of a mutation: who asked for what, and how it ended. */
import type { MethodName } from '../../policy/api/index.ts'
import { methods } from '../../policy/api/index.ts'
import type { ErrorName } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { Peer } from './handler.ts'

export interface Mutation {
  readonly method: MethodName
  readonly params: unknown
  readonly peer: Peer | undefined
  readonly outcome: 'ok' | ErrorName
  readonly durationMs: number
}

export function logMutation(log: Logger, { method, params, peer, outcome, durationMs }: Mutation): void {
  log.info(
    { method, params: abridge(withhold(method, params), 4), uid: peer?.uid, pid: peer?.pid, outcome, durationMs: Math.round(durationMs) },
    'mutation',
  )
}

type Shape = Readonly<Record<string, { meta(): { readonly logged?: unknown } | undefined } | undefined>>

/**
 * What the contract marks is nobody's business but the guest's: of `logged: 'size'` only how much it is gets into the log,
 * of `logged: 'first'` the first item as well. The params are unchecked: they may be anything, and what has a wrong name, or
 * none, may be what is marked under the right one.
 */
function withhold(method: MethodName, params: unknown): unknown {
  const shape = methods[method].params.shape as Shape
  const withholds = Object.values(shape).some((param) => param?.meta()?.logged !== undefined)
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return withholds ? sizeOf(params) : params
  return Object.fromEntries(
    Object.entries(params).map(([key, value]: [string, unknown]) => {
      const logged = Object.hasOwn(shape, key) ? shape[key]?.meta()?.logged : withholds ? 'size' : undefined
      if (logged === undefined) return [key, value]
      return [key, logged === 'first' && Array.isArray(value) ? firstOf(value) : sizeOf(value)]
    }),
  )
}

function firstOf(values: readonly unknown[]): unknown[] {
  return values.length > 1 ? [values[0], `(${values.length - 1} more)`] : [...values]
}

function sizeOf(value: unknown): string {
  if (typeof value === 'string') return `(${value.length} characters)`
  return Array.isArray(value) ? `(${value.length} items)` : '(withheld)'
}

/** A `requestId` is found by it, and has 255 at most. */
const TEXT_LIMIT = 255

/** Params may be up to a line's limit, of any depth and unchecked: a log line takes a bounded part of them. */
function abridge(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > TEXT_LIMIT ? `${value.slice(0, TEXT_LIMIT)}…` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.slice(0, 16).map((item) => abridge(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value).slice(0, 32).map(([key, item]) => [key.slice(0, 64), abridge(item, depth - 1)]),
  )
}
