/** A request -> the params of its method, not checked: that is the daemon's to do. */
import type { FastifyRequest } from 'fastify'
import { UserError } from '../../../policy/errors.ts'
import { readQuery } from '../../../policy/http/query.ts'
import type { QueryShape, Route } from '../../../policy/http/routes.ts'
import { LINE_LIMIT } from '../../../policy/wire.ts'
import { HttpProblem } from '../http-problem.ts'

/** What a request on the wire has around its params, with room to spare. */
const ENVELOPE_BYTES = 256

/**
 * @throws UserError INVALID_PARAMS: a param stands in the path or a header and beside it, cannot be said in a query, or is in a body where none is read
 * @throws HttpProblem BODY_TOO_LARGE: as one line of JSON it would be over the limit of the wire
 */
export function readParams(request: FastifyRequest, route: Route, shapes: Readonly<Record<string, QueryShape>>): Record<string, unknown> {
  const query = queryOf(request.url)
  if (route.rest === 'body' && query !== '') {
    throw new UserError('INVALID_PARAMS', `${route.method} has its params in the body, not in a query`, { field: [...new URLSearchParams(query).keys()][0] ?? '' })
  }
  if (route.rest === 'query') refuseBody(request, route)
  const rest = route.rest === 'query' ? readQuery(query, shapes) : ((request.body ?? {}) as Record<string, unknown>)
  const path = request.params as Readonly<Record<string, string>>
  const twice = route.placed.find((param) => Object.hasOwn(rest, param))
  if (twice !== undefined) throw new UserError('INVALID_PARAMS', `${twice} stands in the path, and nowhere else`, { field: twice })
  const key = route.method === 'vm.create' ? request.headers['idempotency-key'] : undefined
  if (key !== undefined && rest['requestId'] !== undefined) throw new UserError('INVALID_PARAMS', 'requestId is said by the header Idempotency-Key, and nowhere else', { field: 'requestId' })
  const params = { ...rest, ...Object.fromEntries(route.placed.map((param) => [param, path[param]])), ...(key !== undefined && { requestId: unquote(String(key)) }) }
  if (Buffer.byteLength(JSON.stringify(params)) > LINE_LIMIT - ENVELOPE_BYTES) throw new HttpProblem('BODY_TOO_LARGE', `The params are more than a request to the daemon can be, ${LINE_LIMIT} bytes`)
  return params
}

/** What clients send that send a body with everything. */
const EMPTY_BODY = '{}'

/** A param that is passed over without a word is obeyed, to whoever sent it: {"dryRun": true} with a DELETE. */
function refuseBody({ headers, body }: FastifyRequest, { method, verb }: Route): void {
  // the body of a GET is not read
  const isSaid = verb === 'GET' ? headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > EMPTY_BODY.length : Object.keys(body ?? {}).length > 0
  if (!isSaid) return
  throw new UserError('INVALID_PARAMS', `${method} has its params in the path and the query, not in a body`, { field: Object.keys(body ?? {})[0] ?? '' })
}

function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at + 1)
}

/** A string of structured fields (RFC 9651) has quotes around it, which are not the key's. */
export function unquote(text: string): string {
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : text
}
