/**
 * One daemon a configuration folder. The lock is the kernel's (flock(2)), so it ends with its holder, however that ends,
 * and a lock file that lies around means nothing. Node opens files close-on-exec: no child keeps it.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import koffi from 'koffi'
import { UserError } from '../../policy/errors.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** Takes the lock, or throws UserError HOST_IO that says who is in the way. The answer gives it back. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const fd = openSync(path, 'a', 0o600)
  const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (fd: number, operation: number) => number
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd)
    throw new UserError('HOST_IO', `Another aetherscaled works on ${folder}`, {
      hint: `Stop it first; this shows it: fuser -v ${path}`,
    })
  }
  return () => {
    closeSync(fd)
  }
}
