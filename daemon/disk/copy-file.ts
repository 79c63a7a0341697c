/** Copies the file of a disk: shared with the source where the file system can do that, else by the kernel. */
import { constants } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { runProgram } from '../qemu/program.ts'
import { settleFile, syncFolder } from '../state/file.ts'
import { requireSpace } from './space.ts'

/** Node copies in one call that nobody hears of until it is over; what takes longer than a blink is left to cp(1). */
const SMALL_BYTES = 16 * 1_048_576
const LOOK_EVERY_MS = 500

/**
 * Resolves when the copy is whole and on the disk. The target must not be there; a failure may leave a part of it. Throws
 * NO_SPACE, HOST_IO, PROGRAM_MISSING, and the file system's error.
 */
export async function copyDiskFile(source: string, target: string, onProgress: (fraction: number) => void): Promise<void> {
  if (!(await tryShare(source, target))) {
    const { blocks } = await stat(source)
    const bytes = blocks * 512
    await requireSpace(dirname(target), bytes, 'The copy of a disk')
    if (bytes <= SMALL_BYTES) await copyFile(source, target, constants.COPYFILE_EXCL)
    else await copyLarge(source, target, bytes, onProgress)
  }
  await settleFile(target, 0o600)
  await syncFolder(dirname(target))
}

/** ioctl_ficlone(2): the same blocks under two names, each its own once it is written to. */
async function tryShare(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (cannotShare.has(code)) return false
    throw error
  }
}

const cannotShare: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EINVAL', 'EXDEV', 'EPERM', 'ETXTBSY'])

/** cp(1) leaves out the holes, copies within the kernel (copy_file_range(2)), and ends with the daemon. */
async function copyLarge(source: string, target: string, bytes: number, onProgress: (fraction: number) => void): Promise<void> {
  const look = async (): Promise<void> => {
    const copied = await stat(target).catch(() => undefined)
    if (copied) onProgress(Math.min(1, (copied.blocks * 512) / bytes))
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  try {
    const { exitCode, stderr } = await runProgram('cp', ['--sparse=auto', '--', source, target])
    if (exitCode === 0) return
    const isFull = /No space left on device|Disk quota exceeded/.test(stderr)
    throw new UserError(isFull ? 'NO_SPACE' : 'HOST_IO', `${source} could not be copied: ${stderr.trim() || 'cp was ended'}`, {
      ...(isFull && { hint: 'Make room on that file system' }),
    })
  } finally {
    clearInterval(timer)
  }
}
