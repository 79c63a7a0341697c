/** Running qemu-img, and telling its failures apart by its words: it has but one exit status for them. */
import { UserError, type ErrorName } from '../../policy/errors.ts'
import { findProgram } from '../service/environment.ts'
import { runProgram, type ProgramResult } from './program.ts'

/**
 * Hardening against files made to exhaust their reader: OpenStack and libvirt give qemu-img the same bounds. The address
 * space holds qcow2's tables and caches of disks up to 64 TiB; the time is the processor's, not the wall's.
 */
const ADDRESS_SPACE_BYTES = 1_073_741_824
const CPU_SECONDS = 30
/** Wall time: a network file system may be slow; a FIFO or a dead mount never answers. */
const TIMEOUT_MS = 120_000

/** Runs qemu-img on a file that nobody vouches for. Throws UserError PROGRAM_MISSING; other failures are in the result. */
export async function examineByQemuImg(args: readonly string[]): Promise<ProgramResult> {
  const bounds = [`--as=${ADDRESS_SPACE_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0']
  return await runProgram('prlimit', [...bounds, '--', findProgram('qemu-img'), ...args], { timeoutMs: TIMEOUT_MS })
}

/**
 * The error for a qemu-img that failed: NO_SPACE, HOST_IO where the host said no, else `otherwise`. Its message ends with
 * qemu-img's last words.
 */
export function explainQemuImg(what: string, result: ProgramResult, otherwise: ErrorName): UserError {
  const words = lastWords(result)
  if (/No space left on device|Disk quota exceeded/.test(result.stderr)) {
    return new UserError('NO_SPACE', `${what}: ${words}`, { hint: 'Make room on that file system' })
  }
  if (result.timedOut || /No such file or directory|Permission denied|Read-only file system|File too large|Failed to get .* lock/.test(words)) {
    return new UserError('HOST_IO', `${what}: ${words}`)
  }
  return new UserError(otherwise, `${what}: ${words}`)
}

function lastWords({ stderr, exitCode, signal, timedOut }: ProgramResult): string {
  if (timedOut) return 'qemu-img did not come to an end'
  // An error of several lines has its cause in the one that begins with the program's name.
  const lines = stderr.trimEnd().split('\n')
  const line = (lines.findLast((text) => text.startsWith('qemu-img: ')) ?? lines.at(-1))?.replace('qemu-img: ', '')
  return line || `qemu-img ended with ${signal ?? `status ${exitCode}`}`
}
