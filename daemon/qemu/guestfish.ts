/** Running guestfish(1), which opens a disk in a virtual machine of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, type ProgramResult } from './program.ts'

export interface GuestfishRequest {
  /** Takes the commands as a file; the caller's to make and remove. */
  readonly folder: string
  /** Absolute path of a qcow2. */
  readonly disk: string
  readonly isReadOnly: boolean
  readonly accelerator: 'kvm' | 'tcg'
  /** Whether the guest's file systems are to be found and mounted first, as it would itself. */
  readonly inspect: boolean
  /** Lines of guestfish; the first that fails ends it. */
  readonly commands: readonly string[]
}

/** The machine boots in seconds, and under TCG on a busy host in a minute or two. */
const TIMEOUT_MS = 600_000

/** What whoever runs the daemon has told libguestfs (guestfs(3), "ENVIRONMENT VARIABLES"; supermin(1)), such as where a kernel is. */
function ownVariables(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (/^(LIBGUESTFS|SUPERMIN)_/.test(name) && value !== undefined ? [[name, value]] : [])))
}

/** Throws UserError PROGRAM_MISSING; other failures are in the result, with guestfish's words in stderr. */
export async function guestfish({ folder, disk, isReadOnly, accelerator, inspect, commands }: GuestfishRequest): Promise<ProgramResult> {
  const script = join(folder, 'commands')
  await writeFile(script, `${commands.join('\n')}\n`)
  const args = [isReadOnly ? '--ro' : '--rw', '--format=qcow2', '-a', disk, ...(inspect ? ['-i'] : []), '-f', script]
  return await runProgram('guestfish', args, {
    timeoutMs: TIMEOUT_MS,
    env: {
      ...ownVariables(),
      // Its QEMU as a child of its own: libvirt, where Debian's default would look, may be another user's or not there.
      LIBGUESTFS_BACKEND: 'direct',
      // It would take a /dev/kvm that opens for one that works.
      ...(accelerator === 'tcg' && { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' }),
    },
  })
}
