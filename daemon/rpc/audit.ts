/** The log line of a mutation: who asked for what, and how it ended. */
import type { ErrorName } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { Peer } from './handler.ts'

export interface Mutation {
  readonly method: string
  readonly params: unknown
  readonly peer: Peer | undefined
  readonly outcome: 'ok' | ErrorName
  readonly durationMs: number
}

export function logMutation(log: Logger, { method, params, peer, outcome, durationMs }: Mutation): void {
  log.info(
    { method, params: abridge(params, 4), uid: peer?.uid, pid: peer?.pid, outcome, durationMs: Math.round(durationMs) },
    'mutation',
  )
}

/** Params may be up to a line's limit, of any depth and unchecked: a log line takes a bounded part of them. */
function abridge(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.slice(0, 16).map((item) => abridge(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value).slice(0, 32).map(([key, item]) => [key.slice(0, 64), abridge(item, depth - 1)]),
  )
}
