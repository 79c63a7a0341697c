/**
 * The form that tokens have: `KIND.PAYLOAD[.MAC].SIGNATURE`, one line without blanks. KIND is `aevpn-NAME-VERSION`, the
 * others are base64url; PAYLOAD is JSON. Each of MAC and SIGNATURE is over all in front of it, so over the kind as well:
 * what was made as one kind is never good as another. Pure.
 */
import { constants, sign, verify } from 'node:crypto'
import { UserError } from '../../policy/errors.ts'

export type Kind = 'invite' | 'answer'

/** As long as a param of the API may be. */
export const LONGEST_TOKEN = 65_536

const kinds: Record<Kind, { tag: string; what: string; made: string; use: string }> = {
  invite: { tag: 'aevpn-invite-1', what: 'an invitation to a VPN', made: 'aetherscale vpn invite', use: 'aetherscale vpn join' },
  answer: { tag: 'aevpn-answer-1', what: 'the answer of a host that joined a VPN', made: 'aetherscale vpn join', use: 'aetherscale vpn accept' },
}

/** What signatures and MACs are over. */
export const openingOf = (kind: Kind, content: unknown): string =>
  `${kinds[kind].tag}.${Buffer.from(JSON.stringify(content)).toString('base64url')}`

/** PSS, which RFC 8017 (section 8) asks of everything new. */
const scheme = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } as const

/** Appends the signature of an RSA key in PEM. */
export function signed(text: string, privateKey: string): string {
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, ...scheme }).toString('base64url')}`
}

export interface Envelope {
  /** Parsed JSON that nothing is known of yet. */
  readonly content: unknown
  /** What stands between payload and signature, and what it is over; `undefined` where nothing does. */
  readonly mac: { readonly of: string; readonly value: Buffer } | undefined
  /** Whether the owner of the key made all of it as it is. */
  isSignedBy(publicKey: string): boolean
}

/**
 * Takes apart what a person has copied: blanks and line breaks around and inside are left out. Throws VPN_TOKEN_INVALID
 * for `field` with what is wrong and what to do, as far as one can tell without the key.
 */
export function openEnvelope(text: string, kind: Kind, field: string): Envelope {
  const fail = (why: string, hint = askAnew(kind)): UserError => invalidToken(kind, why, field, hint)
  if (text.length > LONGEST_TOKEN) throw fail(`it is longer than ${LONGEST_TOKEN} characters`)
  const [tag = '', ...encoded] = text.replace(/\s+/g, '').split('.')
  const other = Object.values(kinds).find((known) => known.tag === tag)
  if (other && other !== kinds[kind]) throw fail(`it is ${other.what}`, `Give it to: ${other.use}`)
  if (!other && /^aevpn-[a-z]+-\d+$/.test(tag)) throw fail(`it is of a version that this one does not know, ${tag}`, 'Bring both hosts to the same version of aetherscale')
  if (!other) throw fail(`it does not begin with ${kinds[kind].tag}`)
  const octets = encoded.map(decode)
  const [payload, mac, signature] = octets.length === 2 ? [octets[0], undefined, octets[1]] : octets
  if (!payload || !signature || octets.length > 3 || octets.includes(undefined)) throw fail('it was cut or altered')
  const upTo = (parts: number): string => [tag, ...encoded.slice(0, parts)].join('.')
  return {
    content: parseJson(payload),
    mac: mac && { of: upTo(1), value: mac },
    isSignedBy: (publicKey) => verify('sha256', Buffer.from(upTo(octets.length - 1)), { key: publicKey, ...scheme }, signature),
  }
}

export function invalidToken(kind: Kind, why: string, field: string, hint = askAnew(kind)): UserError {
  return new UserError('VPN_TOKEN_INVALID', `This is not ${kinds[kind].what}: ${why}`, { field, hint })
}

const askAnew = (kind: Kind): string => `Copy all of what \`${kinds[kind].made}\` printed on the other host, or have it made anew`

/** base64url in its one form: other texts of the same octets, which an altered last letter makes, are none. */
function decode(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64url')
  return octets.toString('base64url') === text ? octets : undefined
}

/** `undefined`, which fits no content, where it is not JSON in UTF-8. */
function parseJson(octets: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
  } catch {
    return undefined
  }
}
