/**
 * PURE: a window on the text of a log, which is read in pieces at both of its ends. It is bounded: what comes at one end takes
 * the place of what is at the other. Lines have numbers that stay the same meanwhile; those before the first that was read
 * are negative.
 */
import type { Result } from '../../../policy/api/index.ts'
import { formatBytes } from '../../cli/quantity.ts'
import { cleanLine } from '../text/log-line.ts'

export type LogSource = 'console' | 'qemu' | 'init'
export type LogPiece = Pick<Result<'vm.log'>, 'text' | 'offset' | 'nextOffset'>

export interface LogText {
  readonly vm: string
  readonly source: LogSource
  /** One and the same as long as the numbers of lines mean the same. */
  readonly origin: object
  readonly chunks: readonly Chunk[]
  readonly lines: readonly string[]
  /** Number of the first line. */
  readonly first: number
  /** Whether there is nothing before it. */
  readonly atStart: boolean
  /** Whether there was nothing after it, when it was last asked. */
  readonly atEnd: boolean
  /** Why it could not be read on. */
  readonly error?: string
}

/** Pieces of about PIECE_BYTES. Its first and its last line go on in its neighbours, so they are kept as they came. */
interface Chunk {
  readonly offset: number
  readonly nextOffset: number
  /** Characters. */
  readonly size: number
  /** What belongs to the line that the chunk before has begun. */
  readonly head: string
  /** Whole lines, cleaned. */
  readonly inner: readonly string[]
  /** The line that it begins and does not end; absent where it has no newline, so that all of it is the head. */
  readonly tail?: string
}

/** Most that is asked for at once. */
export const PIECE_BYTES = 16_384
/** What is held, but for one chunk: so many lines, and so many characters where they are long. */
const MOST_LINES = 10_000
const MOST_CHARACTERS = 4 * 1_048_576
/** However short the lines are: what is shown is in a chunk of its own or two, and has neighbours that stay. */
const FEWEST_CHUNKS = 5
/** The daemon gives up old text in pieces of this; less than that are characters that are not told, such as NUL. */
const GAP_BYTES = 65_536

/** The text begins with this piece, which was asked for from `asked` on, or as the last one. */
export function startLog(of: Pick<LogText, 'vm' | 'source'>, piece: LogPiece, asked?: number): LogText {
  const empty = { vm: of.vm, source: of.source, origin: {}, chunks: [], lines: [], first: 0 }
  const atStart = piece.offset === 0 || (asked !== undefined && piece.offset >= asked)
  const atEnd = asked === undefined || piece.nextOffset - asked < PIECE_BYTES - LONGEST_CHARACTER
  return flatten({ ...empty, atStart, atEnd, chunks: [chunkOf(piece)] })
}

/** Bytes of a character of UTF-8 (RFC 3629): a piece may be so many shorter than was asked for. */
const LONGEST_CHARACTER = 4

export function startOf({ chunks }: LogText): number {
  return chunks[0]?.offset ?? 0
}

export function endOf({ chunks }: LogText): number {
  return chunks.at(-1)?.nextOffset ?? 0
}

/** Number after the last line's. */
export function afterLast({ first, lines }: LogText): number {
  return first + lines.length
}

export function lineAt({ first, lines }: LogText, number: number): string | undefined {
  return lines[number - first]
}

/** With what was asked for from its end on. */
export function withNewer({ error: _over, ...log }: LogText, piece: LogPiece): LogText {
  const gap = piece.offset - endOf(log)
  const text = gap < GAP_BYTES ? piece.text : `\n(${formatBytes(gap)} that stood here are not kept any more)\n${piece.text}`
  const atEnd = piece.nextOffset - endOf(log) < PIECE_BYTES - LONGEST_CHARACTER
  if (text === '' && piece.nextOffset === endOf(log)) return { ...log, atEnd }
  const last = log.chunks.at(-1)
  const next = chunkOf({ ...piece, text })
  const isSmall = last !== undefined && last.size + next.size <= PIECE_BYTES
  const chunks = isSmall ? [...log.chunks.slice(0, -1), joinChunks(last, next)] : [...log.chunks, next]
  return flatten(dropFirst({ ...log, atEnd, chunks }))
}

/** With what was asked for from `asked` on up to its beginning. */
export function withOlder({ error: _over, ...log }: LogText, piece: LogPiece, asked: number): LogText {
  const [next, ...rest] = log.chunks
  const atStart = asked === 0 || piece.offset > asked
  if (!next) return { ...log, atStart }
  const chunk = chunkOf(piece)
  // A character lay across: its end has come as one or more U+FFFD, its beginning is not told.
  const isCut = piece.nextOffset < next.offset && piece.text !== ''
  const mended = isCut ? { ...next, head: `\ufffd${next.head.replace(/^\ufffd{1,3}/, '')}` } : next
  return flatten(dropLast({ ...log, atStart, first: log.first - linesEnded(chunk), chunks: [{ ...chunk, nextOffset: next.offset }, mended, ...rest] }))
}

function chunkOf({ text, offset, nextOffset }: LogPiece): Chunk {
  const [head = '', ...lines] = text.split('\n')
  const tail = lines.pop()
  return { offset, nextOffset, size: text.length, head, inner: lines.map(cleanLine), ...(tail !== undefined && { tail }) }
}

function joinChunks(a: Chunk, b: Chunk): Chunk {
  const ends = { offset: a.offset, nextOffset: b.nextOffset, size: a.size + b.size }
  if (a.tail === undefined) return { ...b, ...ends, head: a.head + b.head }
  if (b.tail === undefined) return { ...a, ...ends, tail: a.tail + b.head }
  return { ...ends, head: a.head, inner: [...a.inner, cleanLine(a.tail + b.head), ...b.inner], tail: b.tail }
}

/** Newlines in it. */
function linesEnded({ inner, tail }: Chunk): number {
  return tail === undefined ? 0 : inner.length + 1
}

function isTooMuch(chunks: readonly Chunk[]): boolean {
  const sum = (count: (chunk: Chunk) => number): number => chunks.reduce((total, chunk) => total + count(chunk), 0)
  return chunks.length > FEWEST_CHUNKS && (sum(linesEnded) > MOST_LINES || sum(({ size }) => size) > MOST_CHARACTERS)
}

function dropFirst(log: LogText): LogText {
  const [dropped, ...chunks] = log.chunks
  if (!dropped || !isTooMuch(log.chunks)) return log
  return dropFirst({ ...log, chunks, first: log.first + linesEnded(dropped), atStart: false })
}

function dropLast(log: LogText): LogText {
  if (!isTooMuch(log.chunks)) return log
  return dropLast({ ...log, chunks: log.chunks.slice(0, -1), atEnd: false })
}

function flatten(log: LogText): LogText {
  const lines: string[] = []
  let begun = ''
  for (const { head, inner, tail } of log.chunks) {
    begun += head
    if (tail === undefined) continue
    lines.push(cleanLine(begun))
    for (const line of inner) lines.push(line)
    begun = tail
  }
  if (begun !== '') lines.push(cleanLine(begun))
  return { ...log, lines }
}
