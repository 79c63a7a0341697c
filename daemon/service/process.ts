/** What proc(5) tells of a process of ours. */
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Whether the process is a QEMU. One that cannot be looked into is none of ours. A zombie has no program: in a container
 * whose init does not reap, QEMU ends as one.
 */
export function isQemu(pid: number): boolean {
  return readOrNothing(() => basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('qemu-system-')) ?? false
}

/** Field 22 of stat is the start in clock ticks since the boot, of which Linux shows 100 a second everywhere. */
export function startOf(pid: number): Date {
  const stat = readOrNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? ''
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  const age = Number.isNaN(ticks) ? 0 : uptime - ticks / 100
  return new Date(Date.now() - age * 1000)
}

/** What the file system refuses is not there as far as we are concerned. */
export function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) return undefined
    throw error
  }
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
