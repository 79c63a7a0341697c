/** What a file is to be held against: the digest that the caller has, or one that is published beside the file. */
import type { IncomingMessage } from 'node:http'
import { UserError } from '../../../policy/errors.ts'
import { findDigest, type Digest } from './checksums.ts'
import { explainError, explainStatus, get, Interruption } from './exchange.ts'
import type { Pace } from './pace.ts'
import { fileOf } from './url.ts'

/** Lists of whole mirrors have tens of KB. */
const MOST_BYTES = 2 ** 20

/** Looks where digests are published by custom. `undefined` where none of them names the file. */
export async function lookBeside(url: URL, pace: Pace): Promise<Digest | undefined> {
  const file = fileOf(url)
  const beside = (path: string): URL => new URL(path, url)
  const behind = (ending: string): URL => Object.assign(new URL(url), { pathname: url.pathname + ending })
  const places: readonly [URL, boolean][] = [
    [beside('SHA512SUMS'), false],
    [beside('SHA256SUMS'), false],
    [behind('.sha512'), true],
    [behind('.sha256'), true],
  ]
  const lists = await Promise.all(places.map(([place]) => fetchText(place, pace).catch(() => '')))
  return lists.map((list, index) => findDigest(list, file, { isAlone: places[index]?.[1] ?? false })).find((digest) => digest !== undefined)
}

/** Throws UserError IMAGE_DIGEST_MISSING where the list cannot be had or does not name the file, IMAGE_URL_REFUSED. */
export async function readChecksums(list: URL, url: URL, pace: Pace): Promise<Digest> {
  const file = fileOf(url)
  const text = await fetchText(list, pace).catch((error: unknown) => {
    if (error instanceof UserError && error.data.name === 'IMAGE_URL_REFUSED') throw error
    throw missing(`${list.href} cannot be read: ${(error as Error).message}`, error)
  })
  const digest = findDigest(text, file, { isAlone: true })
  if (digest) return digest
  throw missing(`${list.href} has no digest of ${file}, or two that differ`)
}

export function missing(message: string, cause?: unknown): UserError {
  return new UserError('IMAGE_DIGEST_MISSING', message, {
    field: 'source',
    hint: 'Give sha256 or sha512, the URL of a list of digests as checksums, or say unverified',
    ...(cause !== undefined && { cause }),
  })
}

/** Asked once: whoever does not answer now has none. */
async function fetchText(url: URL, pace: Pace): Promise<string> {
  const signal = AbortSignal.timeout(pace.stallMs)
  const answer = await get(url, { mayLoseTls: false, signal })
  const stop = (): void => void answer.destroy()
  signal.addEventListener('abort', stop)
  try {
    if (answer.statusCode !== 200) throw explainStatus(answer, url)
    return await readText(answer, url)
  } finally {
    signal.removeEventListener('abort', stop)
    answer.destroy()
  }
}

async function readText(answer: IncomingMessage, url: URL): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) throw new Interruption(`it is over ${MOST_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof Interruption ? error : explainError(error, url)
  }
  if (!answer.complete) throw new Interruption(`${url.host} ends it early`)
  return Buffer.concat(chunks).toString('utf8')
}
