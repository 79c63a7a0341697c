/** Whether a request has the token. Who sends wrong ones is told to wait. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { HttpProblem } from './http-problem.ts'
import type { DoorLimits } from './limits.ts'

/** Throws where the request may not pass. `authorization` is the header; `remote` the address it came from. */
export type Authorize = (authorization: string | undefined, remote: string) => void

/** Addresses whose attempts are remembered; the oldest are forgotten first. */
const REMEMBERED = 10_000

/**
 * The right token always passes, also from an address that wrong ones came from: nobody can lock others out, and what keeps
 * the token from being guessed is its length. An address may be wrong `wrongTokens` times, and once more each `wrongTokenMs`.
 */
export function requireToken(token: string, limits: Pick<DoorLimits, 'wrongTokens' | 'wrongTokenMs'>, now: () => number = Date.now): Authorize {
  const right = digest(token)
  /** When the address will have used up nothing again. */
  const attempts = new Map<string, number>()
  return (authorization, remote) => {
    const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    // of digests, so that neither time nor length tells how much of it was right
    if (given !== undefined && timingSafeEqual(digest(given), right)) return
    const who = describeSource(remote)
    const free = Math.max(attempts.get(who) ?? 0, now())
    const wait = free - now() - (limits.wrongTokens - 1) * limits.wrongTokenMs
    if (given !== undefined && wait > 0) {
      throw new HttpProblem('TOO_MANY_ATTEMPTS', 'Too many wrong tokens', { headers: { 'retry-after': String(Math.ceil(wait / 1000)) } })
    }
    if (given !== undefined) {
      attempts.delete(who)
      attempts.set(who, free + limits.wrongTokenMs)
      if (attempts.size > REMEMBERED) attempts.delete(attempts.keys().next().value!)
    }
    const detail = given === undefined ? 'This needs a token' : 'The token is wrong'
    throw new HttpProblem('UNAUTHORIZED', detail, {
      hint: 'send the header "Authorization: Bearer TOKEN"; the token is in the file that the door has said at its start',
      headers: { 'www-authenticate': `Bearer realm="aetherscale"${given === undefined ? '' : ', error="invalid_token"'}` },
    })
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A whole /64 is one sender: every host has as many addresses of IPv6 as it likes. */
function describeSource(remote: string): string {
  if (!isIPv6(remote) || remote.startsWith('::ffff:')) return remote
  const [head = '', tail] = remote.split('::')
  const before = head.split(':')
  const after = tail?.split(':') ?? []
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
