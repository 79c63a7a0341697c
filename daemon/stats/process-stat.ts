/** What proc(5) tells of what a process uses. */
import { readFileSync } from 'node:fs'
import { readOrNothing } from '../service/process.ts'

export interface CpuUse {
  /** When it began, in ticks since the boot: together with the pid it is never another process's. */
  readonly startTicks: number
  /** CPU time of all its threads since then, in user mode and in the kernel. */
  readonly cpuTicks: number
}

export interface ProcessStat extends CpuUse {
  /** Resident set. */
  readonly pages: number
}

/** Of which Linux shows 100 a second everywhere (USER_HZ). */
export const TICK_MS = 10

/**
 * `undefined` where there is no such process. Read at once: procfs never waits for a disk, and asynchronous reads take six times the
 * CPU. statm besides, for the resident set in stat is off by what each CPU has not added up yet, some MiB on a large host.
 */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const use = parseStat(readProc(pid, 'stat'))
  const pages = Number(readProc(pid, 'statm').split(' ')[1] ?? Number.NaN)
  return use && !Number.isNaN(pages) ? { ...use, pages } : undefined
}

/** PURE. The command's name, which may hold blanks and parentheses, ends with the last one. A zombie uses nothing any more. */
export function parseStat(text: string): CpuUse | undefined {
  // Field 3, the state, is the first.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [utime, stime, startTicks] = [11, 12, 19].map((index) => Number(fields[index] ?? Number.NaN)) as [number, number, number]
  const isOver = fields[0] === 'Z' || fields[0] === 'X'
  return isOver || [utime, stime, startTicks].some(Number.isNaN) ? undefined : { startTicks, cpuTicks: utime + stime }
}

/** UTF-8, for which Node has the shortest way; a command's name that is none is not looked at. */
function readProc(pid: number, file: string): string {
  return readOrNothing(() => readFileSync(`/proc/${pid}/${file}`, 'utf8')) ?? ''
}

/** What the kernel told this process of the machine as it began (getauxval(3)): pairs of 64-bit words. */
export function readPageBytes(): number {
  const AT_PAGESZ = 6n
  const auxv = readFileSync('/proc/self/auxv')
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8))
  }
  throw new Error('/proc/self/auxv does not tell the size of a page')
}
