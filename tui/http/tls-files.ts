/** The certificate of the door and its key, from two files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { UserError } from '../../policy/errors.ts'

/** In PEM; `cert` may have those between it and the root behind it. */
export interface TlsPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** @throws UserError HOST_IO where one cannot be read, is not what it should be, or they do not belong together */
export async function readTls({ cert, key }: { readonly cert: string; readonly key: string }): Promise<TlsPair> {
  const read = async (path: string): Promise<Buffer> =>
    await readFile(path).catch((cause: Error) => {
      throw new UserError('HOST_IO', `${path} cannot be read: ${cause.message}`, { cause })
    })
  const pair = { cert: await read(cert), key: await read(key) }
  const why = findMismatch(pair)
  if (why !== undefined) throw new UserError('HOST_IO', `${cert} and ${key} cannot be used for TLS: ${why}`, { hint: 'both are PEM, the certificate first of its chain, and the key without a passphrase' })
  return pair
}

/** A key of another certificate is found by nobody but clients, each of whose handshakes fails. */
function findMismatch({ cert, key }: TlsPair): string | undefined {
  try {
    createSecureContext({ cert, key })
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? undefined : 'the key is that of another certificate'
  } catch (error) {
    return (error as Error).message
  }
}

/** Why clients may refuse what can be served all the same: a clock of ours that is wrong must not keep the door shut. */
export function findDoubt(cert: Buffer, now = new Date()): string | undefined {
  const texts = cert.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const chain = texts.map((text) => new X509Certificate(text))
  for (const [index, each] of chain.entries()) {
    const name = JSON.stringify(each.subject)
    if (each.validToDate < now) return `${name} has ended on ${each.validTo}`
    if (each.validFromDate > now) return `${name} begins on ${each.validFrom}`
    const issuer = chain[index + 1]
    if (issuer && !each.checkIssued(issuer)) return `${name} is followed by ${JSON.stringify(issuer.subject)}, which has not issued it`
  }
  return undefined
}
