/** A request that this host does not take -> where it goes. Pure. */
import type { PassedBy } from '../../policy/broker/passed-by.ts'
import { DEAD, DELIVERY_LIMIT } from '../../policy/broker/topology.ts'

export interface Pass {
  readonly reason: string
  /** Whether it is to be the same a moment later. */
  readonly lasting: boolean
}

export type Way =
  /** again: to the next host; later: all have passed, and are asked again in a moment. */
  | { readonly to: 'again' | 'later'; readonly passedBy: PassedBy }
  /** None of the known hosts will take it. */
  | { readonly to: 'nobody'; readonly passedBy: PassedBy }

/** Characters of a reason: those of all hosts travel in one header. */
export const REASON_LIMIT = 300

/**
 * Where a request goes that `host` passes on. One that comes back to a host within one round comes back because the others
 * consume nothing just now: it waits as well, or it would go in circles as fast as RabbitMQ can.
 */
export function choosePath(passedBy: PassedBy, host: string, pass: Pass, known: readonly string[]): Way {
  const isBack = passedBy[host]?.before === false
  const next: PassedBy = { ...passedBy, [host]: { ...pass, reason: pass.reason.slice(0, REASON_LIMIT), before: false } }
  const has = (name: string): boolean => next[name]?.before === false
  if (!known.every(has)) return isBack ? { to: 'later', passedBy: beginRound(next) } : { to: 'again', passedBy: next }
  if (known.every((name) => next[name]!.lasting)) return { to: 'nobody', passedBy: next }
  return { to: 'later', passedBy: beginRound(next) }
}

function beginRound(passedBy: PassedBy): PassedBy {
  return Object.fromEntries(Object.entries(passedBy).map(([host, said]) => [host, { ...said, before: true }]))
}

/** By the timestamp of a client whose clock is late, every request is when it comes: that is why, unless the host had another reason. */
export function noteLate(passedBy: PassedBy, host: string): PassedBy {
  return { [host]: { reason: 'its time was over when it came', lasting: false, before: false }, ...passedBy }
}

/** Why each one passed, for whoever asked; hosts that were not heard are named as well. */
export function explainNobody(passedBy: PassedBy, known: readonly string[]): string {
  const names = [...new Set([...Object.keys(passedBy), ...known])].sort()
  if (names.length === 0) return 'no host has taken it'
  return `no host has taken it: ${names.map((name) => `${name}: ${passedBy[name]?.reason ?? 'full, leaving or not there'}`).join('; ')}`
}

/** For whoever asked, where each host that took it could do nothing about it. */
export function explainReturns(): string {
  return `it was offered ${DELIVERY_LIMIT} times, and each time given back; the logs of the hosts say why, and it lies in the queue ${DEAD}`
}

/** For whoever asked, of a host that has claimed the request and is away. */
export function explainSilence(host: string): string {
  return `the host ${host} has taken it and did not answer; whether the VM is there is to be seen on it`
}
