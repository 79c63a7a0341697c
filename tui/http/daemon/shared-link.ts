/**
 * One connection to the daemon for many quick questions. Most answers are not read here but handed on as the bytes that they are: a
 * list of hundreds of VMs is parsed by the client who wants it, and by nobody in between.
 */
import type { Socket } from 'node:net'
import { ConnectionError, RpcError, type RpcErrorObject } from '../../connection-error.ts'

interface Waiting {
  readonly resolve: (result: Buffer) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const NEWLINE = 10
/** How the daemon begins the answer to a request that went well. */
const RESULT = /^\{"jsonrpc":"2\.0","id":(\d{1,15}),"result":/
/** More than what RESULT can match. */
const HEAD_BYTES = 64

export class SharedLink {
  readonly #socket: Socket
  readonly #path: string
  readonly #waiting = new Map<number, Waiting>()
  #parts: Buffer[] = []
  #lastId = 0
  #lost: ConnectionError | undefined

  constructor(socket: Socket, path: string) {
    this.#socket = socket
    this.#path = path
    socket.on('data', this.#read)
    socket.on('error', (cause) => this.#lose(`the connection to the daemon broke: ${cause.message}`))
    socket.on('close', () => this.#lose('the daemon closed the connection'))
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /**
   * The JSON text of the result. `params` is a JSON text as well.
   *
   * @throws RpcError as the daemon answered
   * @throws ConnectionError `lost` or `timeout`
   */
  ask(method: string, params: string, withinMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost)
      const id = ++this.#lastId
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new ConnectionError('timeout', this.#path, `no answer to ${method} in ${withinMs / 1000} s`))
      }, withinMs)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#socket.write(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}\n`)
    })
  }

  close(): void {
    this.#lose('the connection was closed by this side')
  }

  readonly #read = (chunk: Buffer): void => {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, end)
      const line = this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece])
      this.#parts = []
      from = end + 1
      this.#receive(line)
    }
    if (from < chunk.length) this.#parts.push(chunk.subarray(from))
  }

  #receive(line: Buffer): void {
    const head = RESULT.exec(line.toString('latin1', 0, HEAD_BYTES))
    if (head) return this.#settle(Number(head[1]), ({ resolve }) => resolve(line.subarray(head[0].length, -1)))
    let message: { id?: unknown; method?: unknown; result?: unknown; error?: RpcErrorObject } | null
    try {
      message = JSON.parse(line.toString()) as typeof message
    } catch {
      return this.#lose('what answered does not speak JSON-RPC', 'invalid')
    }
    if (message === null || typeof message !== 'object') return this.#lose('what answered does not speak JSON-RPC', 'invalid')
    // a farewell, which the end of the connection follows
    if (message.method !== undefined) return
    const { id, result, error } = message
    if (typeof id !== 'number') return this.#lose(error?.message ?? 'an answer to no request came', 'invalid')
    this.#settle(id, ({ resolve, reject }) => {
      if (error) reject(new RpcError(error))
      else if (result === undefined) reject(new ConnectionError('invalid', this.#path, 'an answer without a result came'))
      else resolve(Buffer.from(JSON.stringify(result)))
    })
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    how(waiting)
  }

  #lose(message: string, problem: 'lost' | 'invalid' = 'lost'): void {
    if (this.#lost) return
    this.#lost = new ConnectionError(problem, this.#path, message)
    this.#socket.destroy()
    for (const id of [...this.#waiting.keys()]) this.#settle(id, ({ reject }) => reject(this.#lost!))
  }
}
