/** Lets a server listen at an address. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../../../policy/errors.ts'

/** As many as 1,000 clients may come at the same moment; the kernel takes what it allows (listen(2), somaxconn). */
export const BACKLOG = 4096

/**
 * Answers the port, which is another one where 0 was asked for.
 *
 * @throws UserError PORT_IN_USE, HOST_IO
 */
export async function listenOnTcp(server: Server, host: string, port: number): Promise<number> {
  server.listen({ host, port, backlog: BACKLOG })
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new UserError('PORT_IN_USE', `Somebody listens on port ${port} of ${host} already`, { hint: 'choose another one with --listen', cause: error })
    throw new UserError('HOST_IO', `Cannot listen on port ${port} of ${host}: ${message}`, { cause: error })
  }
  return (server.address() as AddressInfo).port
}
