/** The daemon of this host, as far as it is there: connected to again for ever. */
import { setTimeout as delay } from 'node:timers/promises'
import type { MethodName, ParamsInput, Result } from '../../policy/api/index.ts'
import { ConnectionError, RpcError, type CallOptions, type Client } from '../client.ts'

const RETRY_FROM_MS = 100
const RETRY_UP_TO_MS = 2000

/** How often the daemon is asked whether it is there, and how long it may take to answer that. */
export interface Patience {
  readonly everyMs: number
  readonly silentMs: number
}

/** Less than the time after which other hosts hear no more of this one: they are to learn why. */
const USUAL: Patience = { everyMs: 2000, silentMs: 10_000 }
/** While it is away, how often a work that waits for it is asked whether it is still wanted. */
const ASK_AGAIN_MS = 1000

export class DaemonLink {
  readonly #connect: () => Promise<Client>
  readonly #onChange: (why: string | undefined) => void
  readonly #patience: Patience
  readonly #ended = new AbortController()
  #client: Client | undefined
  /** Aborted while it is there. */
  #arrived = new AbortController()

  /** `onChange` learns why the daemon is away, and `undefined` when it is there. */
  constructor(connect: () => Promise<Client>, onChange: (why: string | undefined) => void, patience = USUAL) {
    this.#connect = connect
    this.#onChange = onChange
    this.#patience = patience
  }

  get isThere(): boolean {
    return this.#client !== undefined
  }

  /** Begins to connect. */
  start(): void {
    void this.#keep()
  }

  /** @throws ConnectionError also where it is away just now */
  async call<M extends MethodName>(method: M, params: ParamsInput<M>, options?: CallOptions): Promise<Result<M>> {
    return (await this.callAny(method, params, options)) as Result<M>
  }

  async callAny(method: string, params: unknown, options?: CallOptions): Promise<unknown> {
    if (!this.#client) throw new ConnectionError('lost', '', "this host's daemon does not answer")
    return this.#client.callAny(method, params, options)
  }

  /** Does what can be done again safely until the daemon has answered it, also over a restart of it; gives up when `isWanted` says no. */
  async persist<T>(work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isAway(error) || !isWanted() || this.#isClosed) throw error
        await delay(ASK_AGAIN_MS, undefined, { signal: AbortSignal.any([this.#arrived.signal, this.#ended.signal]) }).catch(() => undefined)
        // Its end can be told to a request before it is to us.
        await delay(RETRY_FROM_MS)
      }
    }
  }

  close(): void {
    this.#ended.abort()
  }

  async #keep(): Promise<void> {
    const { signal } = this.#ended
    let told: string | undefined = ''
    const tell = (why: string | undefined): void => {
      if (why !== told && (why === undefined || !told) && !this.#isClosed) this.#onChange(why)
      told = why
    }
    for (let wait = RETRY_FROM_MS; !signal.aborted; wait = Math.min(wait * 2, RETRY_UP_TO_MS)) {
      try {
        const client = await this.#connect()
        const close = (): void => client.close()
        signal.addEventListener('abort', close, { once: true })
        try {
          if (this.#isClosed) close()
          await this.#check(client)
          this.#client = client
          this.#arrived.abort()
          wait = RETRY_FROM_MS
          tell(undefined)
          const watching = this.#watch(client)
          const why = (await client.closed) ?? (await watching)
          this.#client = undefined
          this.#arrived = new AbortController()
          tell(why.message)
        } finally {
          signal.removeEventListener('abort', close)
        }
      } catch (error) {
        tell((error as Error).message)
      }
      await delay(wait, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Until it is silent; answers why. */
  async #watch(client: Client): Promise<Error> {
    try {
      for (;;) {
        await delay(this.#patience.everyMs, undefined, { signal: this.#ended.signal })
        await this.#check(client)
      }
    } catch (error) {
      return error as Error
    }
  }

  /**
   * One that is stopped or hangs takes connections and answers nothing. Its requests are not to wait with it: they end with the
   * connection, as if it had gone.
   *
   * @throws ConnectionError
   */
  async #check(client: Client): Promise<void> {
    const silence = new AbortController()
    const timer = setTimeout(() => {
      silence.abort()
      client.close()
    }, this.#patience.silentMs)
    try {
      await client.callAny('system.info', {})
    } catch (error) {
      // An error is an answer.
      if (!(error instanceof ConnectionError)) return
      if (silence.signal.aborted) throw new ConnectionError('timeout', client.socketPath, `it has not answered for ${this.#patience.silentMs / 1000} s`)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get #isClosed(): boolean {
    return this.#ended.signal.aborted
  }
}

/** Whether it was the daemon's going that left a request without its answer. */
export function isAway(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof RpcError && error.name === 'SHUTTING_DOWN')
}
