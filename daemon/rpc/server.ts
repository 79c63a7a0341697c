/** The daemon's public door: control.sock and observe.sock in one directory. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Access } from '../../policy/api/method.ts'
import { CONTROL_SOCKET, OBSERVE_SOCKET } from '../../policy/wire.ts'
import type { Logger } from '../log.ts'
import type { Sampler } from '../stats/sampler.ts'
import { Connection } from './connection.ts'
import type { Dispatcher } from './dispatch.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { loadPeerInspector } from './peer.ts'
import { listenAt } from './socket.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface RpcServerOptions {
  /** Exists already, and nobody else can write to it. */
  readonly directory: string
  /** Group ids that may use a socket besides the daemon's own user; without one, it is that user's alone. */
  readonly groups?: { readonly control?: number; readonly observe?: number }
  readonly dispatcher: Dispatcher
  /** Closed with the server. */
  readonly subscriptions: Subscriptions
  readonly sampler: Sampler
  /** Holds those that are open. */
  readonly connections: Set<Connection>
  readonly log: Logger
  readonly limits?: Partial<Limits>
}

export interface RpcServer {
  readonly paths: { readonly control: string; readonly observe: string }
  /**
   * Takes no more connections and requests, waits for the answers to those in flight (`limits.shutdownMs`), tells every
   * client SHUTTING_DOWN and closes.
   */
  close(): Promise<void>
}

/** After the time for answers has passed, how long a client has to read them before its connection is cut. */
const LAST_GRACE_MS = 1000

/** Opens both sockets, or neither. @throws UserError as `listenAt` does */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { directory, groups, dispatcher, subscriptions, sampler, connections, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const inspector = await loadPeerInspector()
  if (!inspector) log.warn('koffi has no build for this machine: the log of mutations lacks uid and pid')
  const servers: Server[] = []
  const removals: (() => Promise<void>)[] = []
  let closing: Promise<void> | undefined

  const open = async (access: Access, name: string, gid: number | undefined): Promise<string> => {
    const path = join(directory, name)
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new Connection({ socket, access, dispatcher, subscriptions, sampler, inspector, log, limits })
      connections.add(connection)
      socket.on('close', () => connections.delete(connection))
    })
    server.maxConnections = limits.connections
    server.on('drop', () => log.warn({ path, limit: limits.connections }, 'too many connections; one was closed'))
    removals.push(await listenAt(server, gid === undefined ? { path, mode: 0o600 } : { path, mode: 0o660, gid }))
    server.on('error', (error) => log.error({ path, err: error }, 'socket failed'))
    servers.push(server)
    return path
  }

  const close = async (): Promise<void> => {
    const closed = servers.map((server) => (server.close(), once(server, 'close')))
    await Promise.all(removals.map((remove) => remove()))
    const farewell = { name: 'SHUTTING_DOWN', message: 'The daemon is stopping' } as const
    for (const connection of connections) connection.drain(farewell)
    const deadline = setTimeout(() => {
      for (const connection of connections) connection.disconnect(farewell, LAST_GRACE_MS)
    }, limits.shutdownMs)
    await Promise.all(closed)
    clearTimeout(deadline)
    subscriptions.close()
  }

  try {
    const control = await open('control', CONTROL_SOCKET, groups?.control)
    const observe = await open('observe', OBSERVE_SOCKET, groups?.observe)
    return { paths: { control, observe }, close: () => (closing ??= close()) }
  } catch (error) {
    await close()
    throw error
  }
}
