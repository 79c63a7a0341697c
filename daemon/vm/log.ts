/** What serial console and QEMU have printed: read in pieces, and kept from filling the disk. */
import { open, stat } from 'node:fs/promises'
import { execa } from 'execa'
import type { Logger } from '../log.ts'
import { childEnvironment } from '../service/environment.ts'
import { logsOf } from './service.ts'
import type { Entry, VmTable } from './table.ts'

export interface LogPiece {
  readonly text: string
  readonly offset: number
  readonly nextOffset: number
}

/**
 * The bytes from `offset`, or the last `limit` where none is given. Bytes that were given up read as NUL in the file (see
 * {@link createLogLimit}) and are skipped.
 */
export async function readLog(path: string, offset: number | undefined, limit: number): Promise<LogPiece> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return { text: '', offset: 0, nextOffset: 0 }
  try {
    const { size, blocks } = await file.stat()
    // What is allocated lies at the end, so nothing before it needs to be read.
    const kept = size > KEEP_BYTES + SLACK_BYTES ? Math.max(0, size - blocks * 512 - HOLE_GRAIN) : 0
    const from = Math.min(size, Math.max(offset ?? size - limit, kept))
    const length = Math.min(limit + LONGEST_CHARACTER, size - from)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, undefined, from)
    const read = buffer.subarray(0, bytesRead)
    // A limit below one character's length still has to get on.
    const end = wholeCharacters(read.subarray(0, limit)) || wholeCharacters(read.subarray(0, LONGEST_CHARACTER))
    const bytes = read.subarray(0, end)
    const nulls = bytes.findIndex((byte) => byte !== 0)
    const skipped = nulls < 0 ? bytes.length : nulls
    return { text: bytes.toString('utf8', skipped), offset: from + skipped, nextOffset: from + end }
  } finally {
    await file.close()
  }
}

/** Bytes of a character of UTF-8 (RFC 3629). */
const LONGEST_CHARACTER = 4

/** How many of the bytes there are before a character whose end is still to come; it is left for the next piece. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const announced = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return announced > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Disks give space back in whole blocks; 64 KiB is at least one block of every common file system. */
const HOLE_GRAIN = 65_536
/** How much of each log is kept, and how far it may grow beyond before the oldest part goes. */
const KEEP_BYTES = 4 * 1_048_576
const SLACK_BYTES = 4 * 1_048_576
const LOOK_EVERY_MS = 10_000

/**
 * Keeps the logs of running VMs, and those others, bounded: a guest may print without end, and whoever calls at a tincd's port. The oldest part is given back to the file system
 * by punching a hole (fallocate(2)), so that QEMU writes on undisturbed and offsets stay true.
 */
export function createLogLimit(table: VmTable, others: () => readonly string[], log: Logger): { close(): void } {
  const punched = new Map<string, number>()
  const look = async (): Promise<void> => {
    const ofVms = Array.from(table.entries()).flatMap((entry) => (entry.live ? allLogs(entry) : []))
    for (const path of [...ofVms, ...others()]) {
      await limitLog(path, punched).catch((error: unknown) => {
        log.warn({ err: error, path }, 'a log could not be kept short')
      })
    }
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
    },
  }
}

function allLogs(entry: Entry): string[] {
  return [entry.paths.qemuLog, ...logsOf(entry.record, entry.paths)]
}

/** Gives back the oldest part of one log if it has grown too long; `punched` remembers how far that went. */
export async function limitLog(path: string, punched: Map<string, number>): Promise<void> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  const end = Math.floor((size - KEEP_BYTES) / HOLE_GRAIN) * HOLE_GRAIN
  if (end - (punched.get(path) ?? 0) < SLACK_BYTES) return
  await execa('fallocate', ['--punch-hole', '--offset', '0', '--length', String(end), path], {
    env: childEnvironment(),
    extendEnv: false,
    timeout: 10_000,
  })
  punched.set(path, end)
}
