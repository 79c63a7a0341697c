/** Keeps out what a browser sends for a page of somebody else's: by a name made to point here (DNS rebinding), or from another site. Pure. */
import { isIPv6 } from 'node:net'
import { HttpProblem } from './http-problem.ts'

export interface Addressed {
  readonly host: string | undefined
  readonly origin: string | undefined
  /** The header Sec-Fetch-Site. */
  readonly site: string | undefined
}

/** The names in the header Host that mean this server, lower case, without a port. */
export function ownNames(listened: string | undefined, allowed: readonly string[]): ReadonlySet<string> {
  const bracketed = listened === undefined || !isIPv6(listened) ? listened : `[${listened}]`
  return new Set(['localhost', '127.0.0.1', '[::1]', ...(bracketed === undefined ? [] : [bracketed]), ...allowed].map((name) => name.toLowerCase()))
}

/**
 * Any Host will do where `names` is not said.
 *
 * @throws HttpProblem HOST_REFUSED, ORIGIN_REFUSED
 */
export function checkAddressed({ host, origin, site }: Addressed, names: ReadonlySet<string> | undefined): void {
  const name = /^(\[[0-9a-f:.]+\]|[^:@/[\]]+)(?::\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase()
  if (names && (name === undefined || !names.has(name))) {
    throw new HttpProblem('HOST_REFUSED', 'The header Host does not name this server', { hint: 'start it with --allow-host NAME if it is known by that name' })
  }
  const isOwn = origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}` || origin.toLowerCase() === `https://${host?.toLowerCase()}`
  // same-site is another port of this machine, or another name of its domain: another program
  if (isOwn && site !== 'cross-site' && site !== 'same-site') return
  throw new HttpProblem('ORIGIN_REFUSED', 'A page of another site has sent this, and no other site may')
}
