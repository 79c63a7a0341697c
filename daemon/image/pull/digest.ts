/** What a file is to be held against: the digest that the caller has, or one that is published beside the file. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../policy/errors.ts'
import { findDigest, type Digest } from './checksums.ts'
import { explainError, explainStatus, get, Interruption } from './exchange.ts'
import { pauseMs, type Pace } from './pace.ts'
import { fileOf } from './url.ts'

/** Lists of whole mirrors have tens of KB. */
const MOST_BYTES = 2 ** 20

/** Looks where digests are published by custom. `undefined` where none of them names the file. Throws UserError IMAGE_PULL_FAILED. */
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
  const lists = await Promise.allSettled(places.map(([place]) => fetchText(place, pace)))
  const digests = lists.map((list, index) =>
    list.status === 'fulfilled' ? findDigest(list.value.text, file, { isAlone: places[index]?.[1] ?? false }) : undefined,
  )
  const found = digests.find((digest) => digest !== undefined)
  // Nobody has promised any of these places: only where none has it, it matters that one could not be asked.
  const failed = lists.find((list) => list.status === 'rejected')
  if (found === undefined && failed) throw failed.reason
  return found
}

/** Throws UserError IMAGE_DIGEST_MISSING where the list is not there or does not name the file, IMAGE_PULL_FAILED. */
export async function readChecksums(list: URL, url: URL, pace: Pace): Promise<Digest> {
  const file = fileOf(url)
  const { status, text } = await fetchText(list, pace)
  if (status !== 200) throw missing(`${list.host} answers ${status} for ${list.pathname}`)
  const digest = findDigest(text, file, { isAlone: true })
  if (digest) return digest
  throw missing(`${list.href} has no digest of ${file}, or two that differ`)
}

export function missing(message: string): UserError {
  return new UserError('IMAGE_DIGEST_MISSING', message, {
    field: 'source',
    hint: 'Give sha256 or sha512, the URL of a list of digests as checksums, or say unverified',
  })
}

/** What a server says; the text is empty for any status but 200, and where a redirect is none to follow. */
interface Said {
  readonly status: number
  readonly text: string
}

/** Throws UserError IMAGE_PULL_FAILED where the server cannot be reached. */
async function fetchText(url: URL, pace: Pace): Promise<Said> {
  for (let failures = 1; ; failures++) {
    try {
      return await fetchOnce(url, pace)
    } catch (error) {
      if (!(error instanceof Interruption)) throw error
      if (error.isUnmade || failures > pace.tries) {
        throw new UserError('IMAGE_PULL_FAILED', `${url.href} cannot be read: ${error.message}`, { field: 'source', cause: error })
      }
      await delay(pauseMs(pace, failures))
    }
  }
}

async function fetchOnce(url: URL, { stallMs }: Pace): Promise<Said> {
  const stalled = AbortSignal.timeout(stallMs)
  const answer = await get(url, { mayLoseTls: false, signal: stalled }).catch((error: unknown) => {
    if (error instanceof UserError && error.data.name === 'IMAGE_URL_REFUSED') return undefined
    throw stalled.aborted ? new Interruption(`no answer came in ${stallMs / 1000} s`) : error
  })
  const { statusCode: status = 0 } = answer ?? {}
  try {
    if (answer === undefined || status !== 200) {
      const error = answer && explainStatus(answer, url)
      if (error instanceof Interruption) throw error
      return { status, text: '' }
    }
    return { status, text: await readText(answer, url, stalled) }
  } finally {
    answer?.destroy()
  }
}

/** A text that is too long is as good as none: it is no list of digests. */
async function readText(answer: IncomingMessage, url: URL, stalled: AbortSignal): Promise<string> {
  const stop = (): void => void answer.destroy()
  stalled.addEventListener('abort', stop)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) return ''
      chunks.push(chunk)
    }
  } catch (error) {
    throw stalled.aborted ? new Interruption('it is not to its end in time') : explainError(error, url)
  } finally {
    stalled.removeEventListener('abort', stop)
  }
  if (!answer.complete) throw new Interruption(`${url.host} ends it early`)
  return Buffer.concat(chunks).toString('utf8')
}
