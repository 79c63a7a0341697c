/** What goes wrong on the way to a method, and the HTTP status of every error. An answer that is one is RFC 9457's problem+json. */
import { errorTable, type ErrorName, type ExitStatus } from '../errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** Errors of the door itself; those of the daemon are in the error table. No name is in both. */
export const doorProblems = {
  BODY_INVALID: { status: 400, summary: 'The body is not a JSON object in UTF-8, or is nested too deeply' },
  REQUEST_INVALID: { status: 400, summary: 'This is no request of HTTP' },
  UNAUTHORIZED: { status: 401, summary: 'The token is missing or wrong' },
  ORIGIN_REFUSED: { status: 403, summary: 'A page of another site has sent this' },
  ROUTE_NOT_FOUND: { status: 404, summary: 'There is nothing at this path' },
  VERB_NOT_ALLOWED: { status: 405, summary: 'The path is there, and does not know this method of HTTP' },
  REQUEST_TIMEOUT: { status: 408, summary: 'The request did not arrive in time' },
  PRECONDITION_FAILED: { status: 412, summary: 'A condition of the request (If-Match, If-None-Match) is not met' },
  BODY_TOO_LARGE: { status: 413, summary: 'The body is over the limit' },
  TARGET_TOO_LONG: { status: 414, summary: 'The path with its query is over the limit' },
  BODY_TYPE_REFUSED: { status: 415, summary: 'Bodies are application/json' },
  HOST_REFUSED: { status: 421, summary: 'The header Host does not name this server' },
  TOO_MANY_ATTEMPTS: { status: 429, summary: 'Too many wrong tokens came from this address' },
  HEADERS_TOO_LARGE: { status: 431, summary: 'The headers are over the limit' },
  DOOR_FAILED: { status: 500, summary: 'A defect of the HTTP door; its log has the details' },
  DAEMON_LOST: { status: 502, summary: 'The daemon ended before its answer; what was begun may have been done' },
  DAEMON_AWAY: { status: 503, summary: 'The daemon cannot be reached' },
  DOOR_BUSY: { status: 503, summary: 'More requests wait than are taken at once' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly summary: string }>>

export type DoorProblem = keyof typeof doorProblems

/** By what an error means for a script. */
const statusOfExit: Readonly<Record<ExitStatus, number>> = {
  ok: 200,
  failed: 500,
  usage: 400,
  unreachable: 503,
  denied: 403,
  notFound: 404,
  conflict: 409,
  timeout: 504,
}

/** Of an error of the daemon's; one that this program does not know yet is a failure. */
export function statusOf(name: string): number {
  if (name === 'LINE_TOO_LONG') return doorProblems.BODY_TOO_LARGE.status
  return Object.hasOwn(errorTable, name) ? statusOfExit[errorTable[name as ErrorName].exit] : statusOfExit.failed
}

/** The body of an answer that is an error (RFC 9457, section 3); the members from `name` on are ours. */
export interface Problem {
  readonly type: `urn:aetherscale:${string}`
  readonly title: string
  readonly status: number
  /** What happened, and why. */
  readonly detail: string
  readonly name: string
  /** Of JSON-RPC; the door's own problems have none. */
  readonly code?: number
  readonly field?: string
  readonly hint?: string
  readonly ref?: string
}

export function doorProblem(name: DoorProblem, detail: string, hint?: string): Problem {
  const { status, summary } = doorProblems[name]
  return { type: `urn:aetherscale:${name}`, title: summary, status, detail, name, ...(hint !== undefined && { hint }) }
}

/** An error object as the daemon answers it. */
export function daemonProblem({ code, message, data = {} }: DaemonError): Problem {
  const { name = 'UNKNOWN', field, hint, ref } = data
  return {
    type: `urn:aetherscale:${name}`,
    title: Object.hasOwn(errorTable, name) ? errorTable[name as ErrorName].summary : 'An error of the daemon',
    status: statusOf(name),
    detail: message,
    name,
    code,
    ...(field !== undefined && { field }),
    ...(hint !== undefined && { hint }),
    ...(ref !== undefined && { ref }),
  }
}

export interface DaemonError {
  readonly code: number
  readonly message: string
  readonly data?: { readonly name?: string; readonly field?: string; readonly hint?: string; readonly ref?: string }
}
