/** Lets a server listen on a Unix socket that is right from the first instant at which it can be found. */
import { once } from 'node:events'
import { chmod, chown, link, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { UserError } from '../../../policy/errors.ts'
import { fitsSocketPath, SOCKET_PATH_LIMIT } from '../../../policy/wire.ts'
import { BACKLOG } from './tcp.ts'

/** Names in a folder of our own; both are socket paths as well, and so as short as can be. */
const BOUND = 's'
const STALE = 'o'

/**
 * The socket is the user's alone, or that of the group `gid` as well. One that nobody listens on is replaced.
 *
 * @returns what removes the socket, if it is still this one
 * @throws UserError PATH_TOO_LONG; HOST_IO: something else is in its place, somebody listens there, or the folder is not there or not ours
 */
export async function listenOnUnix(server: Server, path: string, gid?: number): Promise<() => Promise<void>> {
  const draft = `${dirname(path)}/.h`
  if (!fitsSocketPath(path) || !fitsSocketPath(join(`${draft}XXXXXX`, BOUND))) {
    throw new UserError('PATH_TOO_LONG', `The path of the socket is longer than ${SOCKET_PATH_LIMIT} bytes, or leaves no room beside it for a draft: ${path}`, { hint: 'choose a shorter one with --unix' })
  }
  // in a folder that nobody else can enter no connection is possible until mode and group are set
  const nursery = await guard(path, mkdtemp(draft))
  try {
    const bound = join(nursery, BOUND)
    server.listen({ path: bound, backlog: BACKLOG })
    await guard(path, once(server, 'listening'))
    if (gid !== undefined) await guard(path, chown(bound, -1, gid))
    await guard(path, chmod(bound, gid === undefined ? 0o600 : 0o660))
    const { dev, ino } = await lstat(bound)
    await place(bound, path, nursery)
    return async () => {
      const now = await lstat(path).catch(() => undefined)
      if (now?.dev === dev && now.ino === ino) await unlink(path)
    }
  } catch (error) {
    server.close()
    throw error
  } finally {
    await rm(nursery, { recursive: true, force: true })
  }
}

/** A link is made only where nothing is: of two doors at the same moment, one gets the place. */
async function place(bound: string, path: string, nursery: string): Promise<void> {
  try {
    return await link(bound, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw refuse(path, error)
  }
  const found = await guard(path, lstat(path))
  if (!found.isSocket()) throw new UserError('HOST_IO', `${path} is there and is not a socket; it is left as it is`, { hint: 'move it away' })
  if (await isAnswered(path)) throw occupied(path)
  // taken away first and looked at again: it may be the socket of a door that came in between
  const aside = join(nursery, STALE)
  await guard(path, rename(path, aside))
  if (await isAnswered(aside)) {
    await rename(aside, path)
    throw occupied(path)
  }
  try {
    await link(bound, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? occupied(path) : refuse(path, error)
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
    throw refuse(path, error)
  } finally {
    probe.destroy()
  }
}

function occupied(path: string): UserError {
  return new UserError('HOST_IO', `Somebody listens on ${path} already`, { hint: 'end that one, or choose another path with --unix' })
}

async function guard<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw refuse(path, error)
  }
}

function refuse(path: string, error: unknown): UserError {
  return new UserError('HOST_IO', `The socket ${path} cannot be made: ${(error as Error).message}`, { hint: 'choose a path in a folder of yours with --unix', cause: error })
}
