/** Errors between a client and its daemon: those that the daemon answered, and those of the way there. */
import type { ErrorData } from '../policy/errors.ts'

/**
 * What kept a client from its daemon. absent: there is no socket; refused: a socket that nobody listens on; denied: the
 * socket may not be opened; lost: the connection ended before the answer; timeout: no answer in the caller's time;
 * invalid: what answered does not speak JSON-RPC; failed: any other errno.
 */
export type ConnectionProblem = 'absent' | 'refused' | 'denied' | 'lost' | 'timeout' | 'invalid' | 'failed'

/** The daemon could not be asked, or did not get to answer. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly problem: ConnectionProblem
  /** Path of the socket tried last. */
  readonly socket: string
  readonly hint?: string

  constructor(problem: ConnectionProblem, socket: string, message: string, more: { hint?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.problem = problem
    this.socket = socket
    if (more.hint !== undefined) this.hint = more.hint
  }
}

/** The error object of an answer (JSON-RPC 2.0, section 5.1). */
export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: Partial<ErrorData>
}

/** The daemon refused or failed; `name` is one of the error table's, or `UNKNOWN` where the answer has none. */
export class RpcError extends Error {
  override readonly name: string
  readonly code: number
  readonly field?: string
  readonly hint?: string
  /** The error as it came, for those who print or forward it. */
  readonly object: RpcErrorObject

  constructor(object: RpcErrorObject) {
    super(object.message)
    this.object = object
    this.code = object.code
    this.name = object.data?.name ?? 'UNKNOWN'
    if (object.data?.field !== undefined) this.field = object.data.field
    if (object.data?.hint !== undefined) this.hint = object.data.hint
  }
}
