/** Makes the listening socket at its path, right from the first instant it can be found there. */
import { chmod, chown, lstat, mkdtemp, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { fitsSocketPath, SOCKET_PATH_LIMIT } from '../../policy/wire.ts'

export interface SocketOptions {
  readonly path: string
  /** Permission bits, such as 0o660. */
  readonly mode: number
  /** Group of the socket; the daemon's own where not said. */
  readonly gid?: number
}

/**
 * Lets `server` listen at `path`. A socket that nobody listens on any more is replaced.
 * @returns what ends the listening; it removes the path if it is still this socket
 * @throws UserError PATH_TOO_LONG, or HOST_IO: something else is in its place, a daemon answers there, or the directory
 *   is not there or not ours alone
 */
export async function listenAt(server: Server, { path, mode, gid }: SocketOptions): Promise<() => Promise<void>> {
  if (!fitsSocketPath(path)) {
    throw new UserError('PATH_TOO_LONG', `The socket's path ${path} is longer than ${SOCKET_PATH_LIMIT} bytes`, {
      hint: 'Choose a shorter directory with AETHERSCALE_SOCKET_DIR',
    })
  }
  await checkDirectory(dirname(path))
  await checkPlace(path)
  // Bound in a directory that nobody else can enter: until mode and group are set, no connection is possible. Its path
  // is no longer than that of `control.sock` beside it, but a shorter name's may be.
  const nursery = await guard(mkdtemp(`${dirname(path)}/.`))
  try {
    const bound = join(nursery, 's')
    if (!fitsSocketPath(bound)) throw new UserError('PATH_TOO_LONG', `${bound} is longer than ${SOCKET_PATH_LIMIT} bytes`)
    server.listen({ path: bound })
    await guard(once(server, 'listening'))
    if (gid !== undefined) await guard(chown(bound, -1, gid))
    await guard(chmod(bound, mode))
    const { dev, ino } = await lstat(bound)
    await guard(rename(bound, path))
    await rmdir(nursery)
    return async () => {
      const now = await lstat(path).catch(() => undefined)
      if (now?.dev === dev && now.ino === ino) await unlink(path)
    }
  } catch (error) {
    server.close()
    await rm(nursery, { recursive: true, force: true })
    throw error
  }
}

async function checkDirectory(directory: string): Promise<void> {
  const { mode, uid } = await guard(stat(directory))
  const own = uid === process.geteuid?.() || uid === 0
  if (own && (mode & 0o022) === 0) return
  throw new UserError('HOST_IO', `Others can write to ${directory}, and so put a socket of theirs in place of the daemon's`, {
    hint: own ? `chmod go-w ${directory}` : 'Choose a directory of your own with AETHERSCALE_SOCKET_DIR',
  })
}

async function checkPlace(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw toHostError(error)
  })
  if (!found) return
  if (!found.isSocket()) {
    throw new UserError('HOST_IO', `${path} is there and is not a socket; it is left as it is`, { hint: 'Move it away' })
  }
  if (await isAnswered(path)) {
    throw new UserError('HOST_IO', `Another daemon answers at ${path}`, {
      hint: 'Stop it first, or choose another directory with AETHERSCALE_SOCKET_DIR',
    })
  }
}

/** Whether somebody listens; a full backlog (EAGAIN) is somebody. */
async function isAnswered(path: string): Promise<boolean> {
  const probe = connect({ path })
  try {
    await once(probe, 'connect')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false
    if (code === 'EAGAIN') return true
    throw toHostError(error as NodeJS.ErrnoException)
  } finally {
    probe.destroy()
  }
}

async function guard<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw toHostError(error as NodeJS.ErrnoException)
  }
}

function toHostError(error: NodeJS.ErrnoException): UserError {
  return new UserError('HOST_IO', `The sockets cannot be made: ${error.message}`, { cause: error })
}
