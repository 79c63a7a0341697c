/**
 * Locks that end with their holder, however that ends: the kernel's (flock(2)). A lock file that lies around means nothing.
 * Node opens files close-on-exec, so no child keeps one.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import koffi from 'koffi'
import { UserError } from '../../policy/errors.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** Locks a file, which is made if it is not there. The answer gives the lock back; `undefined` if another holds it. */
export function tryLock(path: string): (() => void) | undefined {
  const fd = openSync(path, 'a', 0o600)
  const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (fd: number, operation: number) => number
  const unlock = (): void => {
    closeSync(fd)
  }
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return unlock
  unlock()
  return undefined
}

/** One daemon a configuration folder. Throws UserError HOST_IO that says who is in the way; the answer gives it back. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const unlock = tryLock(path)
  if (unlock) return unlock
  throw new UserError('HOST_IO', `Another aetherscaled works on ${folder}`, {
    hint: `Stop it first; this shows it: fuser -v ${path}`,
  })
}
