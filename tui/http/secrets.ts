/** What the door has in files, the certificate with its key and the token: read at the start, and anew when it is told to. */
import type { Logger } from 'pino'
import type { HttpOptions } from './options.ts'
import { findDoubt, readTls, type TlsPair } from './tls-files.ts'
import { readToken } from './token-file.ts'

export interface Secrets {
  readonly tls?: TlsPair
  readonly token?: string
}

/**
 * All of it, or none.
 *
 * @throws UserError HOST_IO
 */
export async function readSecrets({ tls, tokenFile }: Pick<HttpOptions, 'tls' | 'tokenFile'>, log: Logger): Promise<Secrets> {
  const pair = tls && (await readTls(tls))
  const token = tokenFile === undefined ? undefined : readToken(tokenFile)
  const doubt = pair && findDoubt(pair.cert)
  if (doubt !== undefined) log.warn({ cert: tls!.cert }, `clients may refuse the certificate: ${doubt}`)
  return { ...(pair && { tls: pair }), ...(token !== undefined && { token }) }
}
