/** Tells the other hosts of this one: every few seconds, and soon after something has changed, but not more often than they can bear. */
import { setTimeout as delay } from 'node:timers/promises'
import { ANNOUNCE_EVERY_MS } from '../../policy/broker/cluster.ts'

/** Between two announcements, whatever happens. */
const LEAST_MS = 500

export class Announcing {
  readonly #announce: () => Promise<void>
  readonly #ended = new AbortController()
  #hastened = new AbortController()
  #loop: Promise<void> | undefined

  /** `announce` throws nothing. */
  constructor(announce: () => Promise<void>) {
    this.#announce = announce
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Something has changed that others are to know. */
  hasten(): void {
    this.#hastened.abort()
  }

  /** Ends when an announcement that is under way has ended. */
  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      this.#hastened = new AbortController()
      await this.#announce()
      await pause(LEAST_MS, signal)
      await pause(ANNOUNCE_EVERY_MS - LEAST_MS, AbortSignal.any([signal, this.#hastened.signal]))
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
