/** What runs in the machine, asked of the kernel and not of those that started it. */
import { readdirSync, readFileSync } from 'node:fs'

/** The command line of the one QEMU that there is. */
export function readArguments(): string[] {
  const [only, ...others] = readQemus()
  if (only === undefined || others.length > 0) throw new Error(`${others.length + (only ? 1 : 0)} QEMUs run instead of one`)
  return only
}

export function listPorts(bridge: string): string[] {
  return readdirSync(`/sys/class/net/${bridge}/brif`)
}

export function requireNothingLeft(bridge: string): void {
  const [qemus, ports] = [readQemus().length, listPorts(bridge)]
  if (qemus > 0 || ports.length > 0) throw new Error(`left: ${qemus} QEMUs, and on ${bridge}: ${ports.join(' ')}`)
}

function readQemus(): string[][] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(readCommandLine).filter(([program]) => program?.endsWith('/qemu-system-x86_64'))
}

/** Of a process that has ended meanwhile nothing. */
function readCommandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
