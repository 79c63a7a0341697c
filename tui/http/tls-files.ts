/** The certificate of the door and its key, from two files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { UserError } from '../../policy/errors.ts'

/** @throws UserError HOST_IO where one cannot be read, is not what it should be, or they do not belong together */
export async function readTls({ cert, key }: { readonly cert: string; readonly key: string }): Promise<{ cert: Buffer; key: Buffer }> {
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
function findMismatch({ cert, key }: { readonly cert: Buffer; readonly key: Buffer }): string | undefined {
  try {
    createSecureContext({ cert, key })
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? undefined : 'the key is that of another certificate'
  } catch (error) {
    return (error as Error).message
  }
}
