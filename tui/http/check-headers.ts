/** What the headers of a request rule out before a byte of its body is read. */
import type { IncomingMessage } from 'node:http'
import { HttpProblem } from './http-problem.ts'

/** Of which whoever stands before this door may go by another one than we (RFC 9112, 3.2; RFC 9110, 5.3). */
const single = ['host', 'authorization', 'content-type', 'idempotency-key']

/** @throws HttpProblem REQUEST_INVALID */
export function refuseTwice({ headersDistinct }: IncomingMessage): void {
  const twice = single.find((name) => (headersDistinct[name] ?? []).length > 1)
  if (twice !== undefined) throw new HttpProblem('REQUEST_INVALID', `There is more than one header ${twice}`)
}

/** @throws HttpProblem BODY_TYPE_REFUSED, REQUEST_INVALID, PRECONDITION_FAILED */
export function checkHeaders({ method, headers, httpVersion }: IncomingMessage): void {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) {
    throw new HttpProblem('BODY_TYPE_REFUSED', `A body with the coding ${headers['content-encoding']} is not read`, { hint: 'send it as it is', headers: { 'accept-encoding': 'identity' } })
  }
  const coding = headers['transfer-encoding']
  // Node takes others before it, and in HTTP/1.0, where a proxy may have seen another end of the body (RFC 9112, 6.1)
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) {
    throw new HttpProblem('REQUEST_INVALID', `Transfer-Encoding: ${coding} is not read in HTTP/${httpVersion}`, { headers: { connection: 'close' } })
  }
  const match = headers['if-match']
  const isChange = method !== 'GET' && method !== 'HEAD'
  if ((match !== undefined && match !== '*') || (isChange && headers['if-none-match'] === '*')) {
    throw new HttpProblem('PRECONDITION_FAILED', 'Nothing here has an ETag, so that no such condition is met', { hint: 'leave out If-Match and If-None-Match' })
  }
}
