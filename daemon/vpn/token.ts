/**
 * What hosts of a VPN tell each other by way of people: an invitation, which lets its reader join, and the answer of a
 * host that has joined. Both are signed with the key of the host that they are about, so a cut or altered one is noticed.
 * A signature alone proves nothing of a host that nobody knows yet: an answer also carries a MAC by the VPN's secret, which
 * only who was invited has. Pure.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { HostAddress, Prefix64, Timestamp, VpnName } from '../../policy/names.ts'
import { invalidToken, LONGEST_TOKEN, openEnvelope, openingOf, signed, type Envelope, type Kind } from './envelope.ts'
import { readPublicKey } from './keys.ts'
import { PeerRecord, VpnSecrets } from './record.ts'

/** All of it gets into tinc's configuration. */
const TokenHost = PeerRecord.extend({
  addresses: z.array(HostAddress).max(8),
  port: z.int().min(1).max(65_535),
  publicKey: z.string().max(4096).refine(isCanonicalKey, 'not an RSA public key as this program writes it'),
})

const MOST_PEERS = 64

export const Invitation = z
  .strictObject({
    vpn: VpnName,
    prefix: Prefix64,
    secret: VpnSecrets.shape.secret,
    host: TokenHost.describe('Who invites'),
    peers: z.array(TokenHost).max(MOST_PEERS),
    expiresAt: Timestamp,
  })
  .refine(({ host, peers }) => new Set([host, ...peers].map(({ name }) => name)).size === peers.length + 1, {
    error: 'two hosts of one name',
    path: ['peers'],
  })
export type Invitation = z.infer<typeof Invitation>

export const Answer = z.strictObject({ vpn: VpnName, prefix: Prefix64, host: TokenHost.describe('Who has joined'), expiresAt: Timestamp })
export type Answer = z.infer<typeof Answer>

/** Room for the signature, and for the line breaks of a terminal's copy. */
const LONGEST_OPENING = LONGEST_TOKEN - 4096

/**
 * Of the peers, the first are in it that there is room for, at most 64: whoever has joined reaches the others through
 * those. `privateKey` is the inviting host's.
 */
export function makeInvitation(content: Invitation, privateKey: string): string {
  const peers = content.peers.slice(0, MOST_PEERS)
  const opening = (): string => openingOf('invite', { ...content, peers })
  while (peers.length > 0 && opening().length > LONGEST_OPENING) peers.pop()
  return signed(opening(), privateKey)
}

/** Throws VPN_TOKEN_INVALID, or VPN_TOKEN_REFUSED where it has expired. */
export function readInvitation(text: string, now: Date): Invitation {
  const { content } = readSigned(text, 'invite', 'token', Invitation)
  refuseExpired(content, now, 'invitation', 'token')
  return content
}

/** `keys` are the private key of the host that has joined, and the secret of the invitation. */
export function makeAnswer(content: Answer, keys: { readonly privateKey: string; readonly secret: string }): string {
  const opening = openingOf('answer', content)
  return signed(`${opening}.${macOf(opening, keys.secret).toString('base64url')}`, keys.privateKey)
}

export interface ReadAnswer extends Answer {
  /** Throws VPN_TOKEN_REFUSED where its maker did not know the secret of the VPN, or where it has expired. */
  authenticate(secret: string, now: Date): void
}

/** Which VPN it is for says only the answer: nothing of it is to be believed before `authenticate`. Throws VPN_TOKEN_INVALID. */
export function readAnswer(text: string): ReadAnswer {
  const { content, mac } = readSigned(text, 'answer', 'answer', Answer)
  return {
    ...content,
    authenticate(secret, now) {
      if (!isMac(mac, secret)) {
        throw new UserError('VPN_TOKEN_REFUSED', `The answer of host "${content.host.name}" was not made from an invitation to this VPN "${content.vpn}"`, {
          field: 'answer',
          hint: `Invite the host (aetherscale vpn invite ${content.vpn}), and take its answer to that`,
        })
      }
      refuseExpired(content, now, 'answer', 'answer')
    },
  }
}

function readSigned<T extends Invitation | Answer>(text: string, kind: Kind, field: string, schema: z.ZodType<T>): { content: T; mac: Envelope['mac'] } {
  const envelope = openEnvelope(text, kind, field)
  const { data: content, error } = schema.safeParse(envelope.content)
  // only an invitation has no MAC
  if (!content || (envelope.mac === undefined) !== (kind === 'invite')) {
    // the path holds our words alone, a message may repeat what is in the token
    const path = error?.issues[0]?.path ?? []
    throw invalidToken(kind, path.length > 0 ? `its ${path.join('.')} does not fit` : 'it was cut or altered', field)
  }
  if (!envelope.isSignedBy(content.host.publicKey)) throw invalidToken(kind, 'it was cut or altered, since its signature does not fit', field)
  return { content, mac: envelope.mac }
}

function refuseExpired({ vpn, expiresAt }: Invitation | Answer, now: Date, what: string, field: string): void {
  if (Date.parse(expiresAt) > now.getTime()) return
  throw new UserError('VPN_TOKEN_REFUSED', `The ${what} expired at ${expiresAt}, and it is ${now.toISOString()} here`, {
    field,
    hint: `Have a new invitation made (aetherscale vpn invite ${vpn}), or set the clock if it is wrong`,
  })
}

const macOf = (text: string, secret: string): Buffer => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text).digest()

function isMac(mac: Envelope['mac'], secret: string): boolean {
  if (!mac) return false
  const right = macOf(mac.of, secret)
  return mac.value.length === right.length && timingSafeEqual(mac.value, right)
}

function isCanonicalKey(text: string): boolean {
  try {
    return readPublicKey(text, 'publicKey') === text
  } catch {
    return false
  }
}
