/** Finds the daemon's socket and opens it, or says in the user's terms why not. */
import { createConnection, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Access } from '../policy/api/method.ts'
import { UserError } from '../policy/errors.ts'
import { CONTROL_SOCKET, fitsSocketPath, OBSERVE_SOCKET, SOCKET_PATH_LIMIT, socketDirectories } from '../policy/wire.ts'
import { ConnectionError } from './connection-error.ts'
import { findAccount, findBarrier, remedyOf } from './permission.ts'

export interface SocketChoice {
  /** This very socket. */
  readonly socket?: string
  /** The sockets in this directory; where neither is said, those of `socketDirectories`. */
  readonly directory?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What will be asked: `observe` is content with the observe socket. */
  readonly access: Access
}

export interface OpenSocket {
  readonly socket: Socket
  readonly path: string
}

/**
 * Opens the first socket that is there, an own daemon's before the host's. A directory is passed over only when nothing is
 * in it: a socket that is there and does not answer is an error, for the next directory's daemon is another one, with
 * other VMs.
 *
 * @throws ConnectionError
 * @throws UserError PATH_TOO_LONG
 */
export async function openSocket(choice: SocketChoice): Promise<OpenSocket> {
  const groups = socketCandidates(choice)
  for (const paths of groups) {
    let denied: { path: string; cause: unknown } | undefined
    for (const path of paths) {
      assertFits(path)
      try {
        return { socket: await open(path), path }
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code
        if (code === 'EACCES' || code === 'EPERM') denied ??= { path, cause }
        else if (code === 'ECONNREFUSED') throw refused(path, cause)
        else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unexpected(path, cause)
      }
    }
    if (denied) throw await explainDenial(denied.path, denied.cause)
  }
  throw absent(groups.map((paths) => paths[0]!))
}

/** The sockets to try, by directory. */
export function socketCandidates({ socket, directory, env, access }: SocketChoice): string[][] {
  if (socket !== undefined) return [[socket]]
  const names = access === 'control' ? [CONTROL_SOCKET] : [CONTROL_SOCKET, OBSERVE_SOCKET]
  const directories = directory === undefined ? socketDirectories(env) : [directory]
  return directories.map((each) => names.map((name) => join(each, name)))
}

/** Node would cut the path without a word, and connect to another socket or to none. */
function assertFits(path: string): void {
  if (fitsSocketPath(path)) return
  const message = `the path of the socket is longer than ${SOCKET_PATH_LIMIT} bytes: ${path}`
  throw new UserError('PATH_TOO_LONG', message, { hint: 'use a shorter path, such as a symbolic link to its directory' })
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function absent(paths: readonly string[]): ConnectionError {
  const message = `no daemon is running: there is no ${paths.join(' and no ')}`
  return new ConnectionError('absent', paths.at(-1)!, message, {
    hint: 'start it with `aetherscaled`, or say where it is with --socket-dir',
  })
}

function refused(path: string, cause: unknown): ConnectionError {
  const message = `no daemon is running: nobody listens on ${path}, which one left behind`
  return new ConnectionError('refused', path, message, { hint: 'start it with `aetherscaled`', cause })
}

function unexpected(path: string, cause: unknown): ConnectionError {
  return new ConnectionError('failed', path, `cannot connect to ${path}: ${(cause as Error).message}`, { cause })
}

async function explainDenial(path: string, cause: unknown): Promise<ConnectionError> {
  const hint = remedyOf(await findBarrier(path, dirname(path)), await findAccount())
  return new ConnectionError('denied', path, `not permitted to use ${path}`, { hint, cause })
}
