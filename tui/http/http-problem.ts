/** Whatever goes wrong -> the problem that the client is told. */
import { UserError } from '../../policy/errors.ts'
import { daemonProblem, doorProblem, type DoorProblem, type Problem } from '../../policy/http/problems.ts'
import { ConnectionError, RpcError } from '../connection-error.ts'

/** A request that ends here. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  constructor(name: DoorProblem, detail: string, more: { readonly hint?: string; readonly headers?: Readonly<Record<string, string>> } = {}) {
    super(detail)
    this.problem = doorProblem(name, detail, more.hint)
    this.headers = more.headers ?? {}
  }
}

export interface Told {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
  /** Nobody's fault but ours: the log has it. */
  readonly isDefect?: true
}

/** Seconds after which it is worth asking again. */
const AWAY_SECONDS = '2'

export function tellProblem(error: unknown): Told {
  if (error instanceof HttpProblem) return error
  if (error instanceof RpcError) return withRetry(daemonProblem(error.object))
  if (error instanceof UserError) return withRetry(daemonProblem({ code: error.code, message: error.message, data: error.data }))
  if (error instanceof ConnectionError) return withRetry(tellConnection(error))
  return tellFastify(error) ?? { problem: doorProblem('DOOR_FAILED', 'The HTTP door met a defect of its own'), headers: {}, isDefect: true }
}

function withRetry(problem: Problem): Told {
  return { problem, headers: problem.status === 503 ? { 'retry-after': AWAY_SECONDS } : {} }
}

function tellConnection({ problem, message, hint }: ConnectionError): Problem {
  if (problem === 'timeout') return { ...doorProblem('DAEMON_LOST', message), status: 504 }
  if (problem === 'lost' || problem === 'invalid') return doorProblem('DAEMON_LOST', message, 'see what has become of it before you ask again')
  return doorProblem('DAEMON_AWAY', message, hint)
}

const byCode: Readonly<Record<string, DoorProblem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'BODY_TYPE_REFUSED',
  FST_ERR_CTP_EMPTY_TYPE: 'BODY_TYPE_REFUSED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BODY_INVALID',
}
/** Paths that are none, or have a name that is longer than any. */
const noPath = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH'])

/** fastify's own refusals have a code and a status. */
function tellFastify(error: unknown): Told | undefined {
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: unknown }
  if (typeof code === 'string' && noPath.has(code)) return { problem: doorProblem('ROUTE_NOT_FOUND', 'There is nothing at this path'), headers: {} }
  const name = typeof code === 'string' ? byCode[code] : undefined
  if (name === 'BODY_TYPE_REFUSED') return new HttpProblem(name, String(message), { hint: 'send the header "Content-Type: application/json"', headers: { accept: 'application/json' } })
  if (name !== undefined) return { problem: doorProblem(name, String(message)), headers: {} }
  const isTheirs = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
  return isTheirs ? { problem: doorProblem('REQUEST_INVALID', String(message)), headers: {} } : undefined
}
