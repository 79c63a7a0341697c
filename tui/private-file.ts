/** Files of a host's own, whole or not there: readable by their owner alone. */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces the file. */
export function writePrivately(path: string, text: string): void {
  besides(path, text, (written) => renameSync(written, path))
}

/** Makes the file; one that is there stays. Of two that make it at once, one does. */
export function makePrivately(path: string, text: string): void {
  besides(path, text, (written) => {
    try {
      linkSync(written, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  })
}

/** `undefined` where there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function besides(path: string, text: string, put: (written: string) => void): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const written = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(written, text, { mode: 0o600, flag: 'wx', flush: true })
    put(written)
  } finally {
    rmSync(written, { force: true })
  }
}
