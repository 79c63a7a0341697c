/** A server on real sockets with handlers of the test's own, and a client that speaks lines. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { methods, type MethodName } from '../../../policy/api/index.ts'
import { createEventBus, type EventBus } from '../../../daemon/events.ts'
import { createLog, type Logger } from '../../../daemon/log.ts'
import { createDispatcher } from '../../../daemon/rpc/dispatch.ts'
import type { Handlers, RequestContext } from '../../../daemon/rpc/handler.ts'
import type { Limits } from '../../../daemon/rpc/limits.ts'
import { startRpcServer, type RpcServer } from '../../../daemon/rpc/server.ts'
import { createSubscriptions } from '../../../daemon/rpc/subscriptions.ts'
import { createObserver } from '../../../daemon/stats/look.ts'
import { createSampler, type Sampler } from '../../../daemon/stats/sampler.ts'

/** The part of a tap test that things are cleaned up by. */
interface Test {
  teardown(clean: () => unknown): void
}

/** Handlers without the types of their method, for answers that only have to be told apart. */
export type Stubs = { readonly [M in MethodName]?: (params: never, context: RequestContext) => unknown }

/** Handlers for the whole table: those given, and for the rest one that fails as a defect. */
export function completeHandlers(stubs: Stubs): Handlers {
  const missing = (name: string) => () => {
    throw new Error(`no handler for ${name} in this test`)
  }
  return Object.fromEntries(
    Object.keys(methods).map((name) => [name, stubs[name as MethodName] ?? missing(name)]),
  ) as unknown as Handlers
}

export type LogLine = Readonly<Record<string, unknown>>

/** A log whose lines can be read. */
export function recordLog(level = 'info'): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  const log = createLog(level, { write: (line) => void lines.push(JSON.parse(line) as LogLine) })
  return { log, lines }
}

/** A new folder under the system's, which nobody else can enter; its path leaves room for a socket's. */
export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rpc-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Harness {
  readonly server: RpcServer
  readonly events: EventBus
  readonly lines: LogLine[]
  readonly connect: (access?: 'control' | 'observe') => Promise<Client>
}

/** For whom there is no VM. */
export const noSamples = createSampler(createObserver({ entries: () => [], get: () => undefined }))

export async function serve(t: Test, stubs: Stubs, limits: Partial<Limits> = {}, sampler: Sampler = noSamples): Promise<Harness> {
  const directory = await makeFolder(t)
  const events = createEventBus()
  const { log, lines } = recordLog()
  const dispatcher = createDispatcher({ handlers: completeHandlers(stubs), log })
  const server = await startRpcServer({ directory, dispatcher, subscriptions: createSubscriptions(events), sampler, connections: new Set(), log, limits: { shutdownMs: 200, ...limits } })
  t.teardown(() => server.close())
  return {
    server,
    events,
    lines,
    connect: async (access = 'control') => {
      const client = await connectClient(server.paths[access])
      t.teardown(() => client.socket.destroy())
      return client
    },
  }
}

export interface Message {
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: { readonly [key: string]: unknown }
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly [key: string]: unknown } }
}

/** No answer is expected later than this; a wait that ends here is a failure. */
const PATIENCE_MS = 20_000

export class Client {
  readonly socket: Socket
  readonly #lines: string[] = []
  readonly #wakers = new Set<() => void>()
  #rest = ''
  #ended = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop()!
      this.#lines.push(...lines)
      this.#wake()
    })
    socket.on('error', () => undefined)
    const finish = (): void => {
      this.#ended = true
      this.#wake()
    }
    socket.on('end', finish).on('close', finish)
  }

  send(...requests: unknown[]): this {
    return this.sendText(...requests.map((request) => JSON.stringify(request)))
  }

  sendText(...lines: string[]): this {
    this.socket.write(lines.map((line) => `${line}\n`).join(''))
    return this
  }

  /** A request whose params are by name, under this id. */
  ask(id: string | number, method: string, params: object = {}): this {
    return this.send({ jsonrpc: '2.0', id, method, params })
  }

  /** The next line that comes. */
  async next(): Promise<Message> {
    await this.#until(() => this.#lines.length > 0 || this.#ended)
    const line = this.#lines.shift()
    if (line === undefined) throw new Error('the server ended the connection')
    return JSON.parse(line) as Message
  }

  async take(count: number): Promise<Message[]> {
    const messages: Message[] = []
    while (messages.length < count) messages.push(await this.next())
    return messages
  }

  /** All that comes until the server ends its side. */
  async rest(): Promise<Message[]> {
    await this.#until(() => this.#ended)
    return this.#lines.splice(0).map((line) => JSON.parse(line) as Message)
  }

  async #until(condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`nothing came for ${PATIENCE_MS} ms`))
        signal.addEventListener('abort', late, { once: true })
        this.#wakers.add(() => {
          signal.removeEventListener('abort', late)
          resolve()
        })
      })
    }
  }

  #wake(): void {
    for (const waker of this.#wakers) waker()
    this.#wakers.clear()
  }
}

export async function connectClient(path: string): Promise<Client> {
  const socket = connect({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  return new Client(socket)
}

/** A promise and what settles it. */
export function createGate<T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { promise, open: resolve }
}
