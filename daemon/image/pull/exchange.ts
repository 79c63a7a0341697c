/** One GET, redirects followed by hand: each target is looked at before it is gone to. */
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { UserError } from '../../../policy/errors.ts'
import { version } from '../../version.ts'
import { followRedirect } from './url.ts'

const MOST_REDIRECTS = 5
const redirects = new Set([301, 302, 303, 307, 308])

/** The way to the server failed, not for good perhaps: what came so far is kept, and gone on with. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  /** There was nobody to speak to. */
  readonly isUnmade: boolean

  constructor(message: string, { isUnmade = false, cause }: { isUnmade?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.isUnmade = isUnmade
  }
}

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Whether a redirect may lead from https to http. */
  readonly mayLoseTls: boolean
  /** Aborting it ends the exchange at any moment; its reason is thrown. */
  readonly signal: AbortSignal
}

/**
 * The answer's head; its body is to be read, or destroyed. Throws Interruption, and UserError IMAGE_URL_REFUSED or
 * IMAGE_PULL_FAILED (there is no such host, its certificate is not valid).
 */
export async function get(from: URL, options: GetOptions): Promise<IncomingMessage> {
  let url = from
  for (let hops = 0; ; hops++) {
    const answer = await ask(url, options)
    const { statusCode = 0, headers } = answer
    if (!redirects.has(statusCode) || headers.location === undefined) return answer
    answer.destroy()
    if (hops === MOST_REDIRECTS) {
      throw new UserError('IMAGE_URL_REFUSED', `${from.host} refers on and on: ${MOST_REDIRECTS} redirects are followed, and there was one more`, {
        hint: 'Give the URL that the file is really at',
      })
    }
    url = followRedirect(url, headers.location, options.mayLoseTls)
  }
}

function ask(url: URL, { headers, signal }: GetOptions): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    // What is measured by a digest is what was sent, so nobody may pack it on the way.
    const sent = { 'accept-encoding': 'identity', 'user-agent': `aetherscale/${version}`, ...headers }
    request(url, { headers: sent, signal })
      .on('response', resolve)
      .on('upgrade', (_answer, socket) => {
        socket.destroy()
        reject(new UserError('IMAGE_PULL_FAILED', `${url.host} answers by another protocol than HTTP`, { field: 'source' }))
      })
      .on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : explainError(error, url)))
      // Nothing of the above comes where the request ends in a way that Node has no word for.
      .on('close', () => reject(signal.aborted ? (signal.reason as Error) : new Interruption(`${url.host} ended the exchange`)))
      .end()
  })
}

/** Errors of the way, which another try may not meet; all else (a wrong certificate, a name that there is not) stays. */
const passing = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ECONNABORTED'])
const unmade = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

/** An error of Node's HTTP client, in the middle of a body or before it. */
export function explainError(error: unknown, url: URL): Error {
  const { code = '', message } = error as NodeJS.ErrnoException
  const isUnmade = unmade.has(code)
  if (isUnmade || passing.has(code)) return new Interruption(`the connection to ${url.host} failed (${code})`, { isUnmade, cause: error })
  return new UserError('IMAGE_PULL_FAILED', `${url.host} cannot be asked: ${message || code}`, { field: 'source', cause: error })
}

/** A status that is not success: whether to come again is in the class of the error. */
export function explainStatus({ statusCode = 0, statusMessage = '' }: IncomingMessage, url: URL): Error {
  const said = `${url.host} answers ${statusCode} ${statusMessage}`.trim()
  // RFC 9110, section 15.5.9; RFC 6585, section 4.
  if (statusCode >= 500 || statusCode === 408 || statusCode === 429) return new Interruption(said)
  return new UserError('IMAGE_PULL_FAILED', `${said} for ${url.pathname}`, {
    field: 'source',
    hint: 'See that the URL is right, and open to everybody',
  })
}
