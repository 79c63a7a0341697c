/** A URL into its partial file, however often the connection is lost, with its digest taken on the way. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../policy/errors.ts'
import type { Report } from '../report.ts'
import { writeBehind, type WriteBehind } from '../write-behind.ts'
import type { Algorithm, Digest } from './checksums.ts'
import { explainError, explainStatus, get, Interruption } from './exchange.ts'
import { pauseMs, PROGRESS_BYTES, watchStalls, type Pace, type StallWatch } from './pace.ts'
import type { Note, Partial } from './partial.ts'

export interface DownloadRequest {
  readonly url: URL
  readonly partial: Partial
  readonly algorithm: Algorithm
  /** A digest is known that the whole will be held against. */
  readonly isVerified: boolean
  /** See {@link get}. */
  readonly mayLoseTls: boolean
  readonly limitBytes: number
  readonly pace: Pace
  /** Aborting it ends the download; its reason is thrown. */
  readonly signal: AbortSignal
  readonly report: Report
}

/** What has come so far. */
interface Progress {
  note: Note | undefined
  writer: WriteBehind
  hash: Hash
  /** The server has answered at least once: it was there, and may be again. */
  isAnswered: boolean
}

/**
 * Answers the digest of the file that is then whole in the partial. Throws UserError IMAGE_PULL_FAILED, IMAGE_URL_REFUSED,
 * IMAGE_TOO_LARGE, NO_SPACE, and the file system's errors.
 */
export async function download(request: DownloadRequest): Promise<Digest> {
  const { partial, algorithm, pace, signal, report } = request
  const hash = createHash(algorithm)
  if (partial.bytes > 0) await readAgain(partial, hash, report)
  const progress: Progress = { note: partial.note, writer: writeBehind(partial.file, partial.bytes), hash, isAnswered: false }
  let furthest = progress.writer.position
  for (let failures = 0; ; ) {
    const stalls = watchStalls(pace.stallMs)
    try {
      await attempt(request, progress, stalls)
      return { algorithm, hex: progress.hash.digest('hex') }
    } catch (error) {
      if (!(error instanceof Interruption)) throw error
      await progress.writer.finish()
      const isFurther = progress.writer.position >= furthest + PROGRESS_BYTES
      furthest = Math.max(furthest, progress.writer.position)
      failures = isFurther ? 1 : failures + 1
      if (failures > pace.tries || (error.isUnmade && !progress.isAnswered)) throw givenUp(request.url, error, progress)
      report(`${error.message}; trying again`, shareOf(progress))
      await delay(pauseMs(pace, failures), undefined, { signal }).catch(() => signal.throwIfAborted())
    } finally {
      stalls.close()
    }
  }
}

/** A digest cannot be gone on with: what is there is read from its beginning. */
async function readAgain(partial: Partial, hash: Hash, report: Report): Promise<void> {
  const stream = createReadStream(partial.path, { end: partial.bytes - 1, highWaterMark: 2 ** 20 })
  let done = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk)
    done += chunk.length
    report('reading what has been downloaded before', done / partial.bytes)
  }
}

async function attempt(request: DownloadRequest, progress: Progress, stalls: StallWatch): Promise<void> {
  const { url, mayLoseTls } = request
  const headers = rangeOf(progress, request.isVerified)
  const signal = AbortSignal.any([stalls.signal, request.signal])
  const answer = await get(url, { headers: headers ?? {}, mayLoseTls, signal })
  progress.isAnswered = true
  const abort = (): void => void answer.destroy()
  signal.addEventListener('abort', abort)
  try {
    if (await place(answer, request, progress, headers !== undefined)) await read(answer, request, progress, stalls)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    answer.destroy()
  }
}

/** Asks for what is missing, where it will be noticed if that is of another file (RFC 9110, sections 13.1.5 and 14.2). */
function rangeOf({ note, writer }: Progress, isVerified: boolean): Record<string, string> | undefined {
  const validator = note?.validator
  if (writer.position === 0 || (validator === undefined && !isVerified)) return undefined
  return { range: `bytes=${writer.position}-`, ...(validator !== undefined && { 'if-range': validator }) }
}

/** Where the body belongs; `false` where all is there already. */
async function place(answer: IncomingMessage, request: DownloadRequest, progress: Progress, isRange: boolean): Promise<boolean> {
  const { statusCode } = answer
  const { position } = progress.writer
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '')
  if (isRange && statusCode === 416) {
    if (Number(range?.[2]) === position) return false
    await restart(request, progress, undefined)
    throw new Interruption(`${request.url.host} has another file by now`)
  }
  if (isRange && statusCode === 206) {
    const total = Number(range?.[2])
    if (Number(range?.[1]) === position && (progress.note?.totalBytes ?? total) === total) {
      // The first answer may not have said where the file ends.
      if (progress.note && progress.note.totalBytes === undefined) {
        await requireRoom(request, total)
        progress.note = { ...progress.note, totalBytes: total }
      }
      return true
    }
    await restart(request, progress, undefined)
    throw new Interruption(`${request.url.host} sends another part than was asked for`)
  }
  if (statusCode !== 200) throw explainStatus(answer, request.url)
  const length = answer.headers['content-length']
  const totalBytes = length === undefined ? undefined : Number(length)
  if (totalBytes !== undefined) await requireRoom(request, totalBytes)
  await restart(request, progress, { ...noteOf(answer, request.url), ...(totalBytes !== undefined && { totalBytes }) })
  return true
}

function noteOf({ headers }: IncomingMessage, url: URL): Note {
  // A weak one only says that the file means the same (RFC 9110, section 8.8.1).
  const strong = headers.etag?.startsWith('"') ? headers.etag : undefined
  const validator = strong ?? headers['last-modified']
  return { version: 1, url: url.href, ...(validator !== undefined && { validator }) }
}

async function restart({ partial, url, algorithm }: DownloadRequest, progress: Progress, note: Note | undefined): Promise<void> {
  await progress.writer.finish()
  await partial.begin(note ?? { version: 1, url: url.href })
  progress.note = note
  progress.writer = writeBehind(partial.file)
  progress.hash = createHash(algorithm)
}

async function requireRoom({ partial, limitBytes, url }: DownloadRequest, totalBytes: number): Promise<void> {
  if (totalBytes > limitBytes) throw tooLarge(url, limitBytes, `has ${totalBytes} bytes`)
  const { bavail, bsize } = await statfs(dirname(partial.path))
  if (totalBytes <= bavail * bsize) return
  throw new UserError('NO_SPACE', `The file at ${url.host} has ${totalBytes} bytes and ${dirname(partial.path)} has ${bavail * bsize}`, {
    hint: 'Make room there, or choose another image folder (BASE_IMAGE_FOLDER)',
  })
}

async function read(answer: IncomingMessage, request: DownloadRequest, progress: Progress, stalls: StallWatch): Promise<void> {
  const { url, limitBytes, report } = request
  const { writer, hash, note } = progress
  const total = note?.totalBytes ?? Infinity
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (writer.position + chunk.length > limitBytes) throw tooLarge(url, limitBytes, 'is larger')
      if (writer.position + chunk.length > total) throw liar(url, total)
      stalls.received(chunk.length)
      hash.update(chunk)
      await writer.write(chunk)
      report('downloading', shareOf(progress))
    }
  } catch (error) {
    // Of the stream, not of the file: these have a path or a system call that writes.
    throw isOfConnection(error) ? explainError(error, url) : error
  }
  await writer.finish()
  if (!answer.complete || (total !== Infinity && writer.position < total)) throw new Interruption(`${url.host} ends the file early`)
}

function isOfConnection(error: unknown): boolean {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  return !(error instanceof UserError) && (syscall === undefined || syscall === 'read') && /^(E|HPE_)/.test(code)
}

function shareOf({ note, writer }: Progress): number | undefined {
  return note?.totalBytes ? Math.min(1, writer.position / note.totalBytes) : undefined
}

function tooLarge(url: URL, limitBytes: number, what: string): UserError {
  return new UserError('IMAGE_TOO_LARGE', `The file at ${url.host} ${what}; the limit is ${limitBytes / 2 ** 20} MiB`, {
    field: 'limitMiB',
    hint: 'Allow more, if this is what you want',
  })
}

function liar(url: URL, total: number): UserError {
  return new UserError('IMAGE_PULL_FAILED', `${url.host} sends more than the ${total} bytes that it announced`, { field: 'source' })
}

function givenUp(url: URL, error: Interruption, { writer, isAnswered }: Progress): UserError {
  const often = isAnswered ? `, again and again; ${writer.position} bytes have come` : ''
  return new UserError('IMAGE_PULL_FAILED', `${url.host} does not give the file: ${error.message}${often}`, {
    field: 'source',
    hint: 'Pull it again later: what has come is kept',
    cause: error,
  })
}
