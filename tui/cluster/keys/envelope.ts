/**
 * Envelopes: what one host says to another alone. Only the recipient can open one, and only the holder of the sender's key
 * can have made it.
 *
 * Sealed as in ECIES: X25519 of a key made for this envelope alone with the recipient's, HKDF-SHA256 (RFC 5869), AES-256-GCM.
 * The sender's key goes into the derivation, so that a stranger cannot put a signature of its own under what it cannot read.
 * The signature is over all that others can see, the ciphertext included. Pure, but for the randomness.
 */
import { createCipheriv, createDecipheriv, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import type { Envelope, EnvelopePurpose } from '../../../policy/broker/envelope.ts'
import type { HostKey } from './host-key.ts'
import { fromRaw, rawOf, type PublicKey } from './key-text.ts'

/** How far the clocks of two hosts may be apart, with the time on the way. */
export const WINDOW_MS = 120_000

const CIPHER = 'aes-256-gcm'
const TAG_BYTES = 16

/** Why an envelope is not opened. */
export type EnvelopeProblem = 'for another host' | 'for another purpose' | 'of a host that is not pinned here' | 'forged' | 'too old, or from the future' | 'a replay' | 'no answer to what was asked'

export class EnvelopeRefusal extends Error {
  override readonly name = 'EnvelopeRefusal'
  readonly problem: EnvelopeProblem

  constructor(sender: string, problem: EnvelopeProblem) {
    super(`The envelope of host "${sender}" is ${problem}`)
    this.problem = problem
  }
}

export interface Sealing {
  readonly from: { readonly name: string; readonly key: HostKey }
  readonly to: { readonly name: string; readonly key: PublicKey }
  readonly purpose: EnvelopePurpose
  readonly content: unknown
  readonly now: Date
  readonly inReplyTo?: string
}

export function sealEnvelope({ from, to, purpose, content, now, inReplyTo }: Sealing): Envelope {
  const ephemeral = generateKeyPairSync('x25519')
  const head = {
    version: 1,
    sender: from.name as Envelope['sender'],
    recipient: to.name as Envelope['recipient'],
    purpose,
    at: now.toISOString(),
    nonce: randomBytes(16).toString('base64'),
    ...(inReplyTo !== undefined && { inReplyTo }),
    ephemeral: rawOf(ephemeral.publicKey).toString('base64'),
  } as const
  const { key, iv } = deriveKey(ephemeral.privateKey, to.key.sealing, ephemeral.publicKey, to.key.sealing, from.key.public)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(bytesOf(head))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
  const signature = sign(null, bytesOf({ ...head, sealed }), from.key.signing).toString('base64')
  return { ...head, sealed, signature }
}

export interface Opening {
  readonly self: { readonly name: string; readonly key: HostKey }
  /** The key that is pinned for a host; none where none is. */
  readonly pinned: (host: string) => PublicKey | undefined
  readonly purpose: EnvelopePurpose
  readonly now: Date
  readonly nonces: Nonces
  /** For an answer: the nonce of what was asked, and whom. */
  readonly answers?: { readonly nonce: string; readonly by: string }
}

/**
 * The content, which is JSON and nothing more is known of it.
 *
 * @throws EnvelopeRefusal
 */
export function openEnvelope(envelope: Envelope, { self, pinned, purpose, now, nonces, answers }: Opening): unknown {
  const refuse = (problem: EnvelopeProblem): EnvelopeRefusal => new EnvelopeRefusal(envelope.sender, problem)
  if (envelope.recipient !== self.name) throw refuse('for another host')
  if (envelope.purpose !== purpose) throw refuse('for another purpose')
  if (answers && (envelope.inReplyTo !== answers.nonce || envelope.sender !== answers.by)) throw refuse('no answer to what was asked')
  const sender = pinned(envelope.sender)
  if (!sender) throw refuse('of a host that is not pinned here')
  const { signature, ...signed } = envelope
  if (!verify(null, bytesOf(signed), sender.signing, Buffer.from(signature, 'base64'))) throw refuse('forged')
  const at = Date.parse(envelope.at)
  if (Math.abs(now.getTime() - at) > WINDOW_MS || (!answers && at < nonces.since())) throw refuse('too old, or from the future')
  if (!nonces.take(envelope.sender, envelope.nonce, now.getTime())) throw refuse('a replay')
  try {
    const { sealed, ...head } = signed
    const bytes = Buffer.from(sealed, 'base64')
    const ephemeral = fromRaw('X25519', Buffer.from(envelope.ephemeral, 'base64'))
    const { key, iv } = deriveKey(self.key.sealing, ephemeral, ephemeral, self.key.public.sealing, sender)
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(bytesOf(head)).setAuthTag(bytes.subarray(-TAG_BYTES))
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
    return JSON.parse(text) as unknown
  } catch {
    throw refuse('forged')
  }
}

/**
 * Which envelopes have been opened. What was made before this program began is refused as well, for of that it does not know
 * whether it has been opened: a host whose clock is behind is heard a little later.
 */
export class Nonces {
  readonly since: () => number
  readonly #taken = new Map<string, number>()

  /** `since`: when this program began, in milliseconds since the epoch, by the clock as it is when that is asked. */
  constructor(since: () => number) {
    this.since = since
  }

  /** Answers whether it is new. */
  take(sender: string, nonce: string, now: number): boolean {
    for (const [key, at] of this.#taken) {
      if (now - at <= 2 * WINDOW_MS) break
      this.#taken.delete(key)
    }
    const key = `${sender} ${nonce}`
    if (this.#taken.has(key)) return false
    this.#taken.set(key, now)
    return true
  }
}

type Head = Omit<Envelope, 'sealed' | 'signature'> & { readonly sealed?: string }

/** In one order, and each field apart from the next. */
function bytesOf({ version, sender, recipient, purpose, at, nonce, inReplyTo, ephemeral, sealed }: Head): Buffer {
  return Buffer.from(JSON.stringify(['aetherscale-envelope', version, sender, recipient, purpose, at, nonce, inReplyTo ?? null, ephemeral, sealed ?? null]))
}

/** The key is used once, so its initialisation vector may be derived with it. */
function deriveKey(privateKey: KeyObject, publicKey: KeyObject, ephemeral: KeyObject, recipient: KeyObject, sender: PublicKey): { key: Buffer; iv: Buffer } {
  const secret = diffieHellman({ privateKey, publicKey })
  const salt = Buffer.concat([rawOf(ephemeral), rawOf(recipient)])
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, `aetherscale-envelope 1 ${sender.text}`, 44))
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(32) }
}
