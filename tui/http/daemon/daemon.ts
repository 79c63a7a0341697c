/** The daemon as the door asks it. It is looked for at each connection anew: one that was away is found when it is back. */
import type { Access } from '../../../policy/api/method.ts'
import type { MethodName } from '../../../policy/api/index.ts'
import { OBSERVE_SOCKET, socketDirectories } from '../../../policy/wire.ts'
import { Client } from '../../client.ts'
import { ConnectionError } from '../../connection-error.ts'
import { openSocket, type OpenSocket } from '../../find-socket.ts'
import type { DoorLimits } from '../limits.ts'
import { SharedLink } from './shared-link.ts'
import { HttpProblem } from '../http-problem.ts'
import { Turns } from '../../turns.ts'

export interface Whereabouts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly socket?: string
  readonly directory?: string
  /** `observe`: the observe socket and no other. */
  readonly access: Access
}

export interface Daemon {
  /**
   * A quick question, on a connection that all of them share. It changes nothing, so that it is asked once more where that
   * connection has ended. `params` and result are JSON texts.
   */
  ask(method: MethodName, params: string, gone: AbortSignal): Promise<Buffer>
  /** A connection of its own until `work` is done or the client has gone: then the daemon ends what ends with its connection. */
  withClient<T>(gone: AbortSignal, work: (client: Client) => Promise<T>, kind?: 'long' | 'stream'): Promise<T>
  /** Also what goes on after its answer: the daemon finishes it. */
  close(): void
}

export function reachDaemon(whereabouts: Whereabouts, limits: DoorLimits): Daemon {
  const turns = (atATime: number, waiting: number): Turns => new Turns(atATime, waiting, () => busy(waiting))
  const quick = turns(limits.quick, limits.waiting)
  // a stream ends when its reader likes: whoever waited for a place would wait without a word, perhaps for ever
  const own = { long: turns(limits.long, limits.waiting), stream: turns(limits.streams, 0) }
  const clients = new Set<Client>()
  let shared: Promise<SharedLink> | undefined
  let isClosed = false

  const openShared = async (): Promise<SharedLink> => {
    const known = shared
    if (known && !(await known.then(({ isLost }) => isLost, () => true))) return known
    // whoever came first has opened another one meanwhile
    if (shared === known) shared = open(whereabouts).then(({ socket, path }) => new SharedLink(socket, path))
    return await shared!
  }

  return {
    async ask(method, params, gone) {
      const end = await quick.take(gone)
      try {
        try {
          return await (await openShared()).ask(method, params, limits.answerMs)
        } catch (error) {
          if (!(error instanceof ConnectionError && error.problem === 'lost')) throw error
          if (isClosed) throw ended()
          return await (await openShared()).ask(method, params, limits.answerMs)
        }
      } finally {
        end()
      }
    },
    async withClient(gone, work, kind = 'long') {
      const end = await own[kind].take(gone)
      try {
        const { socket, path } = await open(whereabouts)
        const client = new Client(socket, path)
        clients.add(client)
        const close = (): void => client.close()
        gone.addEventListener('abort', close, { once: true })
        try {
          gone.throwIfAborted()
          return await work(client)
        } catch (error) {
          throw isClosed && error instanceof ConnectionError ? ended() : error
        } finally {
          gone.removeEventListener('abort', close)
          clients.delete(client)
          client.close()
        }
      } finally {
        end()
      }
    },
    close() {
      isClosed = true
      void shared?.then((link) => link.close(), () => undefined)
      for (const client of clients) client.close()
    },
  }
}

async function open({ env, socket, directory, access }: Whereabouts): Promise<OpenSocket> {
  if (socket !== undefined) return await openSocket({ env, access, socket })
  if (access === 'control') return await openSocket({ env, access, ...(directory !== undefined && { directory }) })
  // `openSocket` prefers the control socket, by which this door could be made to change something
  const paths = (directory === undefined ? socketDirectories(env) : [directory]).map((each) => `${each}/${OBSERVE_SOCKET}`)
  for (const path of paths.slice(0, -1)) {
    try {
      return await openSocket({ env, access, socket: path })
    } catch (error) {
      if (!(error instanceof ConnectionError && error.problem === 'absent')) throw error
    }
  }
  return await openSocket({ env, access, socket: paths.at(-1)! })
}

function ended(): HttpProblem {
  return new HttpProblem('DAEMON_LOST', 'The door was closed before the answer came', { hint: 'see what has become of it before you ask again' })
}

function busy(waiting: number): HttpProblem {
  const why = waiting === 0 ? 'As many as can be served are served already' : `${waiting} requests wait already`
  return new HttpProblem('DOOR_BUSY', why, { hint: 'ask again later', headers: { 'retry-after': '5' } })
}
