/** One client's connection: lines in, answers and notifications out, within limits. */
import type { Socket } from 'node:net'
import { UserError, type ErrorName } from '../../policy/errors.ts'
import type { Event } from '../../policy/api/events.ts'
import type { Access } from '../../policy/api/method.ts'
import { BATCH_LIMIT, LINE_LIMIT, type Frame } from '../../policy/wire.ts'
import type { Logger } from '../log.ts'
import type { Caller, Take } from './call.ts'
import type { Dispatcher } from './dispatch.ts'
import { toRpcError } from './failure.ts'
import type { Peer } from './handler.ts'
import { Intake } from './intake.ts'
import type { Limits } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { PeerInspector } from './peer.ts'
import type { Sampler, StatsWanted } from '../stats/sampler.ts'
import type { Subscriber, Subscriptions } from './subscriptions.ts'

export interface ConnectionOptions {
  /** With `allowHalfOpen`: a client may end its side and still get its answers. */
  readonly socket: Socket
  readonly access: Access
  readonly dispatcher: Dispatcher
  readonly subscriptions: Subscriptions
  readonly sampler: Sampler
  readonly inspector: PeerInspector | undefined
  readonly log: Logger
  readonly limits: Limits
}

/** The last line before the connection is closed. */
export interface Farewell {
  readonly name: Extract<ErrorName, 'SLOW_READER' | 'LINE_TOO_LONG' | 'SHUTTING_DOWN'>
  readonly message: string
}

/**
 * open: lines are taken. draining: none any more, answers still go out. closing: the last line is queued and what still
 * comes is thrown away. handed-over: a taker has the socket. closed: it is gone.
 */
type State = 'open' | 'draining' | 'closing' | 'handed-over' | 'closed'

export class Connection implements Caller {
  readonly access: Access
  readonly peer: Peer | undefined
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #intake = new Intake()
  readonly #outbox: Outbox
  readonly #gone = new AbortController()
  #state: State = 'open'
  /** The client has ended its side. */
  #ended = false
  /** Lines are being taken: a refusal is answered meanwhile, and would start that anew inside itself. */
  #working = false
  #inFlight = 0
  #subscribed = false
  #sampled = false
  /** More is unsent than a client may leave; its time runs. */
  #slow = false
  /** A line is being answered behind which raw bytes may follow. */
  #held = false
  #take: Take | undefined
  #handOver: (() => void) | undefined
  #farewell: Farewell | undefined
  #hangUpCheck: NodeJS.Timeout | undefined
  #graceTimer: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions) {
    const { socket, access, inspector, log } = options
    this.#options = options
    this.#socket = socket
    this.#outbox = new Outbox(socket)
    this.access = access
    this.peer = inspector?.readPeer(socket)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('drain', this.#work)
    socket.on('timeout', this.#giveUp)
    socket.on('error', (error) => log.debug({ err: error, ...this.#who() }, 'connection failed'))
    socket.on('close', this.#onClose)
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  notify(method: 'progress', params: unknown): void {
    this.#tell(JSON.stringify({ jsonrpc: '2.0', method, params }))
  }

  subscribe(kinds: readonly Event['kind'][] | undefined, recent?: number): void {
    this.#subscribed = kinds !== undefined && this.#isTalking()
    this.#options.subscriptions.set(this.#tell, this.#subscribed ? kinds : undefined, recent)
  }

  sample(wanted: StatsWanted | undefined): void {
    this.#sampled = wanted !== undefined && this.#isTalking()
    this.#options.sampler.set(this.#offer, this.#sampled ? wanted : undefined)
  }

  hold(): void {
    this.#held = true
  }

  upgrade(take: Take): void {
    this.#take = take
  }

  /** Takes no more lines, lets what is in flight be answered, says farewell and closes. A raw connection just ends. */
  drain(farewell: Farewell): void {
    if (this.#state === 'handed-over') this.#socket.destroySoon()
    if (this.#state !== 'open') return
    this.#state = 'draining'
    this.#farewell = farewell
    this.#intake.clear()
    this.#socket.resume()
    this.#closeIfDone()
  }

  /** Says farewell and closes, whatever is in flight; after `graceMs` also where the client does not read it. */
  disconnect(farewell: Farewell, graceMs = this.#options.limits.graceMs): void {
    if (this.#state === 'handed-over') this.#socket.destroy()
    if (this.#state === 'closing') this.#closeWithin(graceMs)
    if (!this.#isTalking()) return
    this.#outbox.push(JSON.stringify({ jsonrpc: '2.0', method: 'disconnect', params: farewell }))
    this.#close(graceMs)
  }

  #isTalking(): boolean {
    return this.#state === 'open' || this.#state === 'draining'
  }

  #onData = (chunk: Buffer): void => {
    if (this.#state !== 'open') return
    this.#intake.offer(chunk)
    this.#work()
  }

  #onEnd = (): void => {
    this.#ended = true
    this.#watchForHangUp()
    this.#work()
  }

  /** Takes lines while the limits allow; called again when an answer, or the client's reading, has made room. */
  #work = (): void => {
    if (this.#working) return
    this.#working = true
    while (!this.#intake.isEmpty && this.#mayTake()) this.#receive(this.#intake.next())
    if (this.#ended && this.#mayTake()) this.#receive(this.#intake.end())
    this.#working = false
    if (this.#state === 'open') this.#regulate()
    this.#closeIfDone()
  }

  #mayTake(): boolean {
    const { inFlight, unsentBytes } = this.#options.limits
    return this.#state === 'open' && !this.#held && this.#inFlight < inFlight && this.#outbox.unsent <= unsentBytes
  }

  /** Reads on or not; a client that leaves too much unread has `graceMs`, which any byte that it takes renews. */
  #regulate(): void {
    const { unsentBytes, graceMs } = this.#options.limits
    const slow = this.#outbox.unsent > unsentBytes
    if (slow !== this.#slow) this.#socket.setTimeout(slow ? graceMs : 0)
    this.#slow = slow
    const stop = !this.#intake.isEmpty || !this.#mayTake()
    if (stop === this.#socket.isPaused()) return
    if (stop) {
      this.#socket.pause()
      this.#watchForHangUp()
    } else {
      this.#socket.resume()
    }
  }

  #receive(frame: Frame | undefined): void {
    if (frame?.kind === 'line') {
      this.#dispatch(frame.text)
    } else if (frame?.kind === 'not-utf8') {
      this.#answer(refusal('PARSE_ERROR', 'The line is not UTF-8'))
    } else if (frame) {
      this.#answer(refusal('LINE_TOO_LONG', `A line is longer than ${LINE_LIMIT} bytes`))
      this.drain({ name: 'LINE_TOO_LONG', message: 'Where the next line begins cannot be told' })
    }
  }

  #dispatch(line: string): void {
    const first = line.startsWith('{') ? '{' : line.trimStart()[0]
    // An empty line asks nothing: somebody at socat's prompt pressed Enter.
    if (first === undefined) return
    const weight = first === '[' ? BATCH_LIMIT : 1
    this.#inFlight += weight
    let held = false
    this.#options.dispatcher(line, this, (answer) => (held ? this.#settleHeld(answer) : this.#settle(answer, weight)))
    held = this.#held
  }

  #settle(answer: string | undefined, weight: number): void {
    this.#inFlight -= weight
    this.#answer(answer)
    if (this.#inFlight === 0) this.#handOver?.()
    this.#work()
  }

  /** The answer behind which the taker's bytes begin: it leaves last, after those to all earlier requests. */
  #settleHeld(answer: string | undefined): void {
    const take = this.#take
    this.#inFlight -= 1
    this.#handOver = () => {
      this.#handOver = undefined
      this.#held = false
      this.#answer(answer)
      if (take) this.#giveAway(take)
    }
    if (!take || this.#inFlight === 0) this.#handOver()
    this.#work()
  }

  /** Always calls `take`, for it may hold something: a client that has gone meanwhile is a destroyed socket. */
  #giveAway(take: Take): void {
    const socket = this.#socket
    this.#outbox.flush()
    this.#unsubscribe()
    if (this.#state !== 'open') socket.destroy()
    else this.#state = 'handed-over'
    clearInterval(this.#hangUpCheck)
    socket.pause().setTimeout(0)
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#work).off('timeout', this.#giveUp)
    // Raw bytes have no last request to be answered: the stream ends when the client ends its side.
    socket.allowHalfOpen = false
    take(socket, this.#intake.clear())
    if (this.#ended) socket.end()
  }

  #answer(line: string | undefined): void {
    if (line === undefined || !this.#isTalking()) return
    if (this.#outbox.unsent > 8 * this.#options.limits.unsentBytes) this.#giveUp()
    else this.#outbox.push(line)
  }

  #tell: Subscriber = (line) => {
    if (!this.#isTalking()) return
    if (this.#outbox.unsent > this.#options.limits.unsentBytes) this.#giveUp()
    else this.#outbox.push(line)
  }

  /** For what the next one like it replaces: it is not queued behind what the client has not taken. */
  #offer: Subscriber = (line) => {
    if (this.#isTalking() && !this.#outbox.isHeldUp) this.#outbox.push(line)
  }

  #unsubscribe(): void {
    this.subscribe(undefined)
    this.sample(undefined)
  }

  #giveUp = (): void => {
    if (!this.#isTalking()) return
    const { unsent } = this.#outbox
    this.#options.log.warn({ unsent, ...this.#who() }, 'client reads too slowly; disconnected')
    this.disconnect({ name: 'SLOW_READER', message: `${unsent} bytes were waiting to be read` })
  }

  /** Done with a client that has been told to go, or that has ended its side, has all its answers and has subscribed to nothing. */
  #closeIfDone(): void {
    if (this.#inFlight > 0 || this.#held) return
    if (this.#state === 'draining' && this.#farewell) this.disconnect(this.#farewell)
    if (this.#state !== 'open' || !this.#ended || !this.#intake.isEmpty || this.#subscribed || this.#sampled) return
    this.#close(this.#options.limits.graceMs)
  }

  #close(graceMs: number): void {
    this.#state = 'closing'
    this.#unsubscribe()
    this.#intake.clear()
    this.#outbox.flush()
    this.#gone.abort()
    this.#socket.setTimeout(0)
    this.#socket.resume().end()
    this.#closeWithin(graceMs)
  }

  #closeWithin(graceMs: number): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = setTimeout(() => this.#socket.destroy(), graceMs).unref()
  }

  /** A client that went away is otherwise noticed only when it is read from or written to. */
  #watchForHangUp(): void {
    const { inspector, limits } = this.#options
    if (!inspector || this.#hangUpCheck || this.#state !== 'open') return
    const check = (): void => {
      if (!inspector.hasHungUp(this.#socket)) return
      // What it sent before it went may still wait to be read, and be meant: a notification needs nobody to answer.
      if (this.#ended && this.#intake.isEmpty) this.#socket.destroy()
      else this.#gone.abort()
    }
    this.#hangUpCheck = setInterval(check, limits.hangUpCheckMs).unref()
  }

  #onClose = (): void => {
    this.#state = 'closed'
    this.#unsubscribe()
    this.#intake.clear()
    clearInterval(this.#hangUpCheck)
    clearTimeout(this.#graceTimer)
    this.#gone.abort()
  }

  #who(): { uid: number | undefined; pid: number | undefined } {
    return { uid: this.peer?.uid, pid: this.peer?.pid }
  }
}

function refusal(name: ErrorName, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id: null, error: toRpcError(new UserError(name, message)) })
}
