/** How a first boot goes, as the guest tells it: `init.log` of the VM is all that there is of it, and the memory as well. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Vm } from '../../policy/api/vm.ts'
import { MARK } from './guest-files.ts'

/** What the guest's last mark says. */
export type Told = { readonly kind: 'nothing' } | { readonly kind: 'started' } | { readonly kind: 'interrupted' } | { readonly kind: 'exit'; readonly code: number }

export interface Progress {
  readonly told: Told
  /** When the guest last said anything. */
  readonly at: Date
}

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

/** PURE: the state of a first boot; `startedAt` is when the QEMU that runs was started. */
export function deriveInit({ told, at }: Progress, startedAt: Date | undefined): Pick<NonNullable<Vm['firstBoot']>, 'state' | 'exitCode'> {
  switch (told.kind) {
    case 'nothing':
      return { state: 'pending' }
    case 'interrupted':
      return { state: 'failed' }
    case 'exit':
      return { state: told.code === 0 ? 'done' : 'failed', exitCode: told.code }
    case 'started':
      // It is not run again by another QEMU than the one that it was begun in; and no guest boots within a tick of the clock.
      return { state: startedAt !== undefined && at > startedAt ? 'running' : 'failed' }
  }
}

const CHUNK = 65_536
/** The longest mark, for one that lies across two chunks. */
const OVERLAP = 64

/** Reads from the end of the file until there is a mark; what the guest printed since may be megabytes. */
export function readProgress(path: string): Progress {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { told: { kind: 'nothing' }, at: new Date(0) }
    throw error
  }
  try {
    const { size, mtime, blocks } = fstatSync(fd)
    // The oldest part of a long log is a hole.
    const least = Math.max(0, size - blocks * 512 - CHUNK)
    const buffer = Buffer.alloc(CHUNK + OVERLAP)
    for (let end = size; end > least; end -= CHUNK) {
      const from = Math.max(0, end - CHUNK)
      const length = readSync(fd, buffer, 0, Math.min(end - from + OVERLAP, size - from), from)
      const told = lastMark(buffer.toString('latin1', 0, length))
      if (told) return { told, at: mtime }
    }
    return { told: { kind: size > 0 ? 'started' : 'nothing' }, at: mtime }
  } finally {
    closeSync(fd)
  }
}
