/** Connecting to the Unix sockets of QEMU. */
import { createConnection, type Socket } from 'node:net'
import { UserError } from '../../policy/errors.ts'
import { fitsSocketPath, SOCKET_PATH_LIMIT } from '../../policy/wire.ts'

/** Begins to connect. Throws UserError PATH_TOO_LONG, where Node would cut the path and reach another socket. */
export function connectUnixSocket(path: string): Socket {
  if (!fitsSocketPath(path)) {
    throw new UserError('PATH_TOO_LONG', `The socket path ${path} exceeds ${SOCKET_PATH_LIMIT} bytes`, {
      hint: 'Choose a shorter runtime folder',
    })
  }
  return createConnection({ path })
}

/** Whether the error says that nobody listens there (any more), rather than that something is wrong with the host. */
export function isNobodyThere(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code)
}
