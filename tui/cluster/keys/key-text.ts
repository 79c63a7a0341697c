/** The public key of a host as text: what people carry from host to host, and what is pinned. Pure. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** Both parts of the public key of a host. */
export interface PublicKey {
  /** Ed25519. */
  readonly signing: KeyObject
  /** X25519. */
  readonly sealing: KeyObject
  /** `aetherscale-host 1 BASE64`: of one key there is one text. */
  readonly text: string
  /** As ssh-keygen(1) prints one: `SHA256:` and the digest in base64 without padding. */
  readonly fingerprint: string
}

const KIND = 'aetherscale-host 1'
/** Of each of the two parts (RFC 8032, section 5.1.5; RFC 7748, section 5). */
const PART_BYTES = 32

export function publicKeyOf(signing: KeyObject, sealing: KeyObject): PublicKey {
  const bytes = Buffer.concat([rawOf(signing), rawOf(sealing)])
  return { signing, sealing, text: `${KIND} ${bytes.toString('base64')}`, fingerprint: fingerprintOf(bytes) }
}

/** `undefined` where the text is no public key of a host. Blanks around it do not count. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const [, encoded = ''] = /^aetherscale-host 1 ([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 2 * PART_BYTES) return undefined
  const key = publicKeyOf(fromRaw('Ed25519', bytes.subarray(0, PART_BYTES)), fromRaw('X25519', bytes.subarray(PART_BYTES)))
  return key.text === text.trim() ? key : undefined
}

/** A key of 32 bytes in the form that it travels in (RFC 8037, section 2: JWK's OKP). */
export function fromRaw(curve: 'Ed25519' | 'X25519', bytes: Uint8Array): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: curve, x: Buffer.from(bytes).toString('base64url') } })
}

export function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}

function fingerprintOf(bytes: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`
}
