/**
 * Client of QEMU's machine protocol, one persistent connection. The protocol: docs/interop/qmp-spec.rst of QEMU; one JSON
 * text a line, a greeting from QEMU, capabilities negotiated by us, then commands, answers and events.
 */
import type { Socket } from 'node:net'
import { LineSplitter } from '../../policy/wire.ts'
import type { Logger } from '../log.ts'
import type { PeerInspector } from '../rpc/peer.ts'
import { parseQmpMessage, type QmpEvent, type QmpMessage } from './qmp-message.ts'
import { QmpClosed, QmpError, QmpTimeout } from './qmp-errors.ts'
import { connectUnixSocket } from './unix-socket.ts'

export type { QmpEvent } from './qmp-message.ts'
export { QmpClosed, QmpError, QmpTimeout } from './qmp-errors.ts'

export interface Qmp {
  /**
   * Runs a command; what it returns is QEMU's to define (QEMU QMP Reference Manual) and the caller's to check. Throws
   * QmpError if QEMU refuses, QmpTimeout (10 s where not said; the connection stays usable), QmpClosed.
   */
  execute(command: string, args?: object, options?: { readonly timeoutMs?: number }): Promise<unknown>
  /** Calls `listener` for each event from now on, in QEMU's order; the answer ends that. Events before it are gone. */
  onEvent(listener: (event: QmpEvent) => void): () => void
  /** The process that listens there; absent where the kernel does not tell. */
  readonly pid: number | undefined
  /** Resolves, never rejects, when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  close(): void
}

export interface QmpOptions {
  readonly timeoutMs?: number
  readonly log?: Logger
  /** Tells whose socket it is (unix(7): the credentials of who called listen(2)). */
  readonly inspector?: Pick<PeerInspector, 'readPeer'>
}

interface Pending {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const DEFAULT_TIMEOUT_MS = 10_000
/** Bytes of a line. The longest answer, query-qmp-schema's, has some 200 KB; QEMU holds to no limit of its own. */
const QMP_LINE_LIMIT = 4_194_304

/**
 * Connects and negotiates, all within `timeoutMs`. Throws QmpClosed (nobody listens, or no QMP is spoken there), QmpTimeout
 * (QEMU serves one client at a time: a second one gets no greeting), and UserError PATH_TOO_LONG.
 */
export async function connectQmp(
  path: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, log, inspector }: QmpOptions = {},
): Promise<Qmp> {
  const socket = connectUnixSocket(path)
  const connection = new QmpConnection(socket, path, log)
  const deadline = performance.now() + timeoutMs
  try {
    await withTimeout(connection.greeting, timeoutMs, 'the greeting')
    connection.pid = inspector?.readPeer(socket)?.pid
    await connection.execute('qmp_capabilities', undefined, { timeoutMs: Math.max(1, deadline - performance.now()) })
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

class QmpConnection implements Qmp {
  pid: number | undefined
  readonly closed: Promise<void>
  readonly #greeting = Promise.withResolvers<void>()
  readonly #socket: Socket
  readonly #path: string
  readonly #log: Logger | undefined
  readonly #splitter = new LineSplitter(QMP_LINE_LIMIT)
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Set<(event: QmpEvent) => void>()
  #lastId = 0
  #end: QmpClosed | undefined

  constructor(socket: Socket, path: string, log: Logger | undefined) {
    this.#socket = socket
    this.#path = path
    this.#log = log
    const closed = Promise.withResolvers<void>()
    this.closed = closed.promise
    // Who waits for the greeting is told; where nobody does any more, its end is no news.
    this.#greeting.promise.catch(() => {})
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk)
    })
    socket.on('error', (cause) => {
      this.#fail(new QmpClosed(`QMP at ${path}: ${cause.message}`, { cause }))
    })
    socket.on('close', () => {
      this.#fail(new QmpClosed(`QEMU closed QMP at ${path}`))
      closed.resolve()
    })
  }

  get greeting(): Promise<void> {
    return this.#greeting.promise
  }

  async execute(
    command: string,
    args?: object,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    if (this.#end) throw this.#end
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { command, resolve, reject })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    try {
      return await withTimeout(promise, timeoutMs, command)
    } finally {
      this.#pending.delete(id)
    }
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#fail(new QmpClosed(`QMP at ${this.#path} was closed by us`))
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#splitter.push(chunk)) {
      if (this.#end) return
      if (frame.kind === 'line' && frame.text.trim() === '') continue
      const message = frame.kind === 'line' ? parseQmpMessage(frame.text) : undefined
      if (message) this.#take(message)
      else this.#fail(new QmpClosed(`What answers at ${this.#path} does not speak QMP`))
    }
  }

  #take(message: QmpMessage): void {
    if (message.kind === 'greeting') this.#greeting.resolve()
    else if (message.kind === 'event') for (const listener of this.#listeners) listener(message.event)
    else {
      const pending = this.#pending.get(message.id ?? 0)
      if (!pending) this.#log?.debug({ qmp: this.#path, id: message.id }, 'answer to a command that nobody waits for')
      else if (message.kind === 'return') pending.resolve(message.value)
      else pending.reject(new QmpError(pending.command, message.class, message.desc))
    }
  }

  /** The first reason stands; whoever waits is told, and the socket goes. */
  #fail(reason: QmpClosed): void {
    if (this.#end) return
    this.#end = reason
    this.#greeting.reject(reason)
    for (const { reject } of this.#pending.values()) reject(reason)
    this.#socket.destroy()
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new QmpTimeout(what, timeoutMs))
  }, timeoutMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
