/** RSA keys of hosts, the only kind that tinc 1.0 knows, in the form that it reads: PKCS#1 (RFC 8017, appendix A.1) in PEM. */
import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { UserError } from '../../policy/errors.ts'

/** As strong as the 128 bits of the ciphers that it protects; 2048 bits are not, and NIST SP 800-57 part 1 lets them end in 2030. */
const GENERATED_BITS = 3072
/** tincd's buffer for a line of its protocol holds what a key of 8192 bits makes, and no more (MAXBUFSIZE in its net.h). */
const ACCEPTED_BITS = { least: 2048, most: 8192 } as const

/** A new pair, in some tenths of a second of another thread. */
export async function generateKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: GENERATED_BITS,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
}

/**
 * One public key in PEM, as PKCS#1 or as SubjectPublicKeyInfo, in its one canonical text: nothing of `text` but the
 * numbers of the key gets into a configuration file. Throws INVALID_PARAMS for `field`.
 */
export function readPublicKey(text: string, field: string): string {
  const refuse = (why: string, cause?: unknown): UserError =>
    new UserError('INVALID_PARAMS', `${field} is no public key that a VPN can use: ${why}`, {
      field,
      cause,
      hint: 'Give the RSA public key of the other host in PEM, from -----BEGIN RSA PUBLIC KEY----- to -----END RSA PUBLIC KEY-----',
    })
  if (/-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/.test(text)) throw refuse('it is a private key, which must not leave its host')
  // OpenSSL alone would pass over anything in front of the block, and take a certificate as well
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END \1PUBLIC KEY-----\s*$/.test(text)) {
    throw refuse('it is not one block of PEM')
  }
  let key: KeyObject
  try {
    key = createPublicKey(text.trim())
  } catch (error) {
    throw refuse('it was cut or altered', error)
  }
  if (key.asymmetricKeyType !== 'rsa') throw refuse(`its kind is ${key.asymmetricKeyType ?? 'unknown'}, and tinc knows RSA alone`)
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < ACCEPTED_BITS.least || modulusLength > ACCEPTED_BITS.most) {
    throw refuse(`it has ${modulusLength} bits, and ${ACCEPTED_BITS.least} to ${ACCEPTED_BITS.most} are taken`)
  }
  // FIPS 186-5, appendix A.1.1; with an exponent of 1 everybody can sign
  if (publicExponent % 2n === 0n || publicExponent <= 2n ** 16n || publicExponent >= 2n ** 256n) throw refuse('its exponent is not safe')
  // by way of its two numbers: a key that was read from PKCS#1 is not encoded as that again (OpenSSL 3.5)
  return createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }).export({ type: 'pkcs1', format: 'pem' }) as string
}

/** `SHA256:` and the digest of the key's SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in base64 without padding. */
export function fingerprint(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' })
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`
}
