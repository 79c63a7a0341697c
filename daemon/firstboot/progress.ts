/** How a first boot goes, as the guest tells it in `init.log`; what it said last is noted in `init.json`. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import * as z from 'zod'
import type { Vm } from '../../policy/api/vm.ts'
import type { Live } from '../vm/live.ts'
import { MARK } from './guest-files.ts'

const Told = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['nothing', 'started', 'interrupted']) }),
  z.object({ kind: z.literal('exit'), code: z.int() }),
])
/** What the guest's last mark says. */
export type Told = z.infer<typeof Told>

/** `init.json`: a log is kept short, and an outcome is for good, until the guest says that it begins anew. */
const Noted = z.object({ version: z.literal(1), told: Told, offset: z.int().min(0) })

export interface Progress {
  readonly told: Told
  /** When the guest last said anything. */
  readonly at: Date
  /** Bytes of the log in which there is nothing more to be found. */
  readonly offset: number
}

const NOTHING: Progress = { told: { kind: 'nothing' }, at: new Date(0), offset: 0 }

/** PURE: the last mark of a text; `undefined` where it has none. */
export function lastMark(text: string): Told | undefined {
  const [last] = [...text.matchAll(/\x1eaetherscale-init: (?:(started|interrupted)|exit (\d{1,3}))\n/g)].slice(-1)
  if (!last) return undefined
  const [, word, code] = last
  if (code !== undefined) return { kind: 'exit', code: Number(code) }
  return { kind: word === 'started' ? 'started' : 'interrupted' }
}

/** PURE: the text without the marks' own sign, for people. */
export function withoutMarks(text: string): string {
  return text.replaceAll(MARK, '')
}

/** PURE: the state of a first boot; `live` is the QEMU that runs. */
export function deriveInit({ told, at }: Progress, live: Pick<Live, 'startedAt' | 'resetAt'> | undefined): Pick<NonNullable<Vm['firstBoot']>, 'state' | 'exitCode'> {
  switch (told.kind) {
    case 'nothing':
      return { state: 'pending' }
    case 'interrupted':
      return { state: 'failed' }
    case 'exit':
      return { state: told.code === 0 ? 'done' : 'failed', exitCode: told.code }
    case 'started':
      // It is not run again after the boot that it was begun in; and no guest boots within a tick of the clock.
      return { state: live !== undefined && at > (live.resetAt ?? live.startedAt) ? 'running' : 'failed' }
  }
}

/** Bytes that are read at once at the most: a guest that prints more than this in between is not heard in full. */
const READ_LIMIT = 1_048_576
/** The longest mark, for one of which only the beginning is there yet. */
const OVERLAP = 64

/** What is known now, from what was known and what has come since. Throws the file system's error. */
export function readOn(before: Progress, log: string): Progress {
  let fd: number
  try {
    fd = openSync(log, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return before
    throw error
  }
  try {
    const { size, mtime } = fstatSync(fd)
    if (size === 0) return before
    const from = Math.max(Math.min(before.offset, size), size - READ_LIMIT)
    const buffer = Buffer.alloc(size - from)
    const length = readSync(fd, buffer, 0, buffer.length, from)
    const told = lastMark(buffer.toString('latin1', 0, length)) ?? (before.told.kind === 'nothing' ? { kind: 'started' } : before.told)
    return { told, at: mtime, offset: Math.max(0, size - OVERLAP) }
  } finally {
    closeSync(fd)
  }
}

/** What is known of a first boot of which this daemon has seen nothing yet. */
export function readProgress({ initNote, initLog }: { readonly initNote: string; readonly initLog: string }): Progress {
  return readOn(readNote(initNote), initLog)
}

function readNote(path: string): Progress {
  try {
    return { ...NOTHING, ...Noted.parse(JSON.parse(readFileSync(path, 'utf8'))) }
  } catch {
    return NOTHING
  }
}

/** PURE: what is noted of it. */
export function noteOf({ told, offset }: Progress): z.infer<typeof Noted> {
  return { version: 1, told, offset }
}
