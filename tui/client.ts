/** A typed JSON-RPC client: the method table's types over one connection to the daemon. */
import type { Socket } from 'node:net'
import { JSONRPCClient } from 'json-rpc-2.0'
import type * as z from 'zod'
import type { MethodName, ParamsInput, Result } from '../policy/api/index.ts'
import type { notifications, Progress } from '../policy/api/events.ts'
import { LineSplitter } from '../policy/wire.ts'
import { ConnectionError, RpcError, type RpcErrorObject } from './connection-error.ts'
import { openSocket, type SocketChoice } from './find-socket.ts'

export { ConnectionError, RpcError }

type Notifications = typeof notifications
export type NotificationName = keyof Notifications
export type NotificationParams<N extends NotificationName> = z.output<Notifications[N]['params']>

export interface CallOptions {
  /** Called for each `progress` notification about this request. */
  readonly onProgress?: (progress: Progress) => void
  /** Gives up with a ConnectionError after this many milliseconds; the daemon goes on. For ever where not said. */
  readonly timeoutMs?: number
}

/** What became of a connection that carries raw bytes now. */
export interface Upgraded<M extends MethodName> {
  readonly result: Result<M>
  readonly socket: Socket
  /** Raw bytes that came in one piece with the answer; they precede what the socket gives. */
  readonly early: Uint8Array
}

/** The line limit binds requests; an answer such as a list of thousands of VMs may be longer. */
const ANSWER_LIMIT = 64 * 1_048_576
/** The code under which json-rpc-2.0 settles requests that got no answer; no error of the daemon has it. */
const UNANSWERED = 0
/** Stands in for the answer that did not come in time. */
const EXPIRED = { code: UNANSWERED, message: 'no answer in time' }

interface Message {
  readonly id?: number | string | null
  readonly method?: string
  readonly params?: unknown
  readonly error?: RpcErrorObject
}

/**
 * Connects to the daemon. With `access: 'observe'` the control socket is tried first and the observe socket taken where
 * the control socket is not permitted.
 *
 * @throws ConnectionError, with the socket tried and what to do
 * @throws UserError PATH_TOO_LONG
 */
export async function connect(choice: SocketChoice): Promise<Client> {
  const { socket, path } = await openSocket(choice)
  return new Client(socket, path)
}

export class Client {
  readonly socketPath: string
  /** Resolves when the connection has ended: with the reason, or with `undefined` after `close`. */
  readonly closed: Promise<Error | undefined>

  readonly #socket: Socket
  readonly #rpc: JSONRPCClient
  readonly #splitter = new LineSplitter(ANSWER_LIMIT)
  readonly #progress = new Map<number, (progress: Progress) => void>()
  readonly #listeners = new Map<string, Set<(params: never) => void>>()
  #settleClosed: (reason: Error | undefined) => void = () => {}
  #lastId = 0
  #lost: Error | undefined
  #farewell: string | undefined
  #upgradeId: number | undefined
  #raw = false
  #early: Uint8Array = new Uint8Array()

  constructor(socket: Socket, path: string) {
    this.#socket = socket
    this.socketPath = path
    this.closed = new Promise((resolve) => (this.#settleClosed = resolve))
    this.#rpc = new JSONRPCClient((payload) => void socket.write(`${JSON.stringify(payload)}\n`))
    socket.on('data', this.#read)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /**
   * Asks, and answers with the method's result.
   *
   * @throws RpcError as the daemon answered
   * @throws ConnectionError `lost` or `timeout`
   */
  async call<M extends MethodName>(method: M, params: ParamsInput<M>, options: CallOptions = {}): Promise<Result<M>> {
    return (await this.callAny(method, params, options)) as Result<M>
  }

  /** {@link call} for a method whose name is known only at run time. */
  async callAny(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#ask(++this.#lastId, method, params, options)
  }

  /** Asks a method after whose answer the connection carries raw bytes. This client can be asked nothing afterwards. */
  async upgrade<M extends MethodName>(method: M, params: ParamsInput<M>): Promise<Upgraded<M>> {
    const id = ++this.#lastId
    this.#upgradeId = id
    const result = (await this.#ask(id, method, params, {})) as Result<M>
    return { result, socket: this.#socket, early: this.#early }
  }

  /** Calls `listener` for each notification of this name; the answer ends that. */
  onNotification<N extends NotificationName>(name: N, listener: (params: NotificationParams<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  /** Ends the connection. Requests that wait fail as `lost`; the daemon finishes what it began. */
  close(): void {
    this.#settleClosed(undefined)
    this.#lose(new ConnectionError('lost', this.socketPath, 'the connection was closed by this side'))
  }

  async #ask(id: number, method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (this.#lost) throw this.#lost
    if (options.onProgress) this.#progress.set(id, options.onProgress)
    const requester =
      options.timeoutMs === undefined
        ? this.#rpc
        : this.#rpc.timeout(options.timeoutMs, (late) => ({ jsonrpc: '2.0', id: late, error: EXPIRED }))
    try {
      const response = await requester.requestAdvanced({ jsonrpc: '2.0', id, method, params })
      if (!response.error) return response.result
      throw this.#explain(response.error, method)
    } finally {
      this.#progress.delete(id)
    }
  }

  #explain(error: RpcErrorObject, method: string): Error {
    if (error === EXPIRED) return new ConnectionError('timeout', this.socketPath, `no answer to ${method} in time`)
    if (error.code === UNANSWERED && this.#lost) return this.#lost
    return new RpcError(error)
  }

  /** Line by line, for what follows the answer to an upgrade is not ours to parse. */
  readonly #read = (chunk: Uint8Array): void => {
    let rest = chunk
    while (rest.length > 0 && !this.#raw) {
      const end = rest.indexOf(10) + 1 || rest.length
      for (const frame of this.#splitter.push(rest.subarray(0, end))) {
        if (frame.kind === 'line') this.#receive(frame.text)
        else this.#reject(frame.kind === 'too-long' ? 'the answer is too long' : 'the answer is not UTF-8')
      }
      rest = rest.subarray(end)
    }
    if (!this.#raw) return
    this.#early = rest.slice()
    this.#socket.pause()
    this.#socket.off('data', this.#read)
  }

  #receive(text: string): void {
    let message: Message | Message[] | null
    try {
      message = JSON.parse(text) as Message | Message[] | null
    } catch {
      return this.#reject('what answered does not speak JSON-RPC')
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      return this.#reject('what answered does not speak JSON-RPC')
    }
    if (message.method !== undefined) return this.#notify(message.method, message.params)
    if (message.id === null && message.error) return this.#lose(new RpcError(message.error))
    if (message.id === this.#upgradeId && !message.error) this.#raw = true
    this.#rpc.receive(message as Parameters<JSONRPCClient['receive']>[0])
  }

  #notify(method: string, params: unknown): void {
    if (method === 'disconnect') this.#farewell = (params as NotificationParams<'disconnect'>).message
    if (method === 'progress') {
      const progress = params as Progress
      this.#progress.get(Number(progress.request))?.(progress)
    }
    for (const listener of this.#listeners.get(method) ?? []) listener(params as never)
  }

  #reject(message: string): void {
    this.#lose(new ConnectionError('invalid', this.socketPath, `${message} at ${this.socketPath}`))
  }

  readonly #onError = (cause: Error): void => {
    this.#lose(new ConnectionError('lost', this.socketPath, `the connection to the daemon broke: ${cause.message}`, { cause }))
  }

  readonly #onClose = (): void => {
    const why = this.#farewell === undefined ? 'the daemon closed the connection' : `disconnected: ${this.#farewell}`
    this.#lose(new ConnectionError('lost', this.socketPath, why))
  }

  /** The first reason counts: what follows from it says less. */
  #lose(reason: Error): void {
    if (this.#lost) return
    this.#lost = reason
    this.#socket.destroy()
    this.#rpc.rejectAllPendingRequests(reason.message)
    this.#settleClosed(reason)
  }
}
