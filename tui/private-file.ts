/** Files of a host's own, whole or not there: readable by their owner alone. */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, type Stats } from 'node:fs'
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

export interface OwnFile {
  readonly text: string
  /** Why no secret should be in it; absent where it is the user's alone. */
  readonly exposed?: string
}

/** What no file of these needs. */
const LARGEST = 1024 * 1024

/**
 * Reads the file and tells who else may; `undefined` where there is none. That a link is followed, as of configuration that is
 * kept elsewhere, has to be said.
 *
 * @throws Error whose message goes after the file's name: it cannot be read, is none, or is larger than 1 MiB
 */
export function readOwnFile(path: string, { followLinks = false } = {}): OwnFile | undefined {
  let fd
  try {
    // O_NONBLOCK, for a pipe in its place would wait for a writer
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Error(code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read: ${code}`, { cause })
  }
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Error('it is not a file')
    if (stats.size > LARGEST) throw new Error('it is larger than 1 MiB')
    const exposed = findExposure(stats)
    return { text: readFileSync(fd, 'utf8'), ...(exposed !== undefined && { exposed }) }
  } finally {
    closeSync(fd)
  }
}

/** As ssh(1) holds it with keys. */
function findExposure({ uid, mode }: Stats): string | undefined {
  if (uid !== process.geteuid?.()) return 'it belongs to another user'
  return (mode & 0o077) === 0 ? undefined : 'others than its owner may use it'
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
