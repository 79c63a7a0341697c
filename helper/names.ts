/**
 * Names of links are derived, never given: a hash of who asks, what kind of link it is, and what for. Whoever cannot
 * choose a name cannot aim at somebody else's.
 */
import { createHash } from 'node:crypto'

/** Whose a link is, and what for: the name of a network, `VM.NIC`, or `tunnel.NETWORK`; no VM is called `tunnel`, which has six letters. */
export type Identity = Readonly<{ uid: number; kind: 'bridge' | 'tap'; key: string }>

/** The group that all our links are in (ip-link(8), GROUP): "aeth" in ASCII. */
export const GROUP = '1634038888'

/**
 * `aeb…` for a bridge, `aet…` for a tap, with 60 bits of the hash in base 32. The link is called `pending`, `aen…`, until
 * it tells whose it is: what still is was left behind by a process that was killed. The kernel keeps `alias` with the link
 * (IFLA_IFALIAS).
 */
export function deriveName({ uid, kind, key }: Identity): { name: string; pending: string; alias: string } {
  const digest = createHash('sha256').update(`${uid}\0${kind}\0${key}`).digest().subarray(0, 12)
  const letters = Array.from(digest, (octet) => 'abcdefghijklmnopqrstuvwxyz234567'[octet & 31]).join('')
  return { name: `ae${kind[0]}${letters}`, pending: `aen${letters}`, alias: `aetherscale:${uid}:${kind}:${key}` }
}

/** A bridge that is given a MAC address keeps it; one that is not takes the lowest of its ports. */
export const deriveBridgeMac = (hostId: string, name: string): string => `02:${deriveOctets(hostId, name)}`

/**
 * Of the host's end of a tap, and never the guest's own: what comes for a port's address, a bridge takes for the host's. The
 * first octet is the highest that is unicast and locally administered, so that a bridge with another port does not take it.
 */
export const deriveTapMac = (hostId: string, name: string): string => `fe:${deriveOctets(hostId, name)}`

/** Five of them. They differ from host to host, so that two hosts can join their networks. */
function deriveOctets(hostId: string, name: string): string {
  return createHash('sha256').update(`${hostId}\0${name}`).digest('hex').slice(0, 10).replace(/..(?=.)/g, '$&:')
}
