/** So many at a time; the others wait in the order in which they came, and too many are refused. */

/** Of those who wait whatever comes. */
const neverGone = new AbortController().signal

export class Turns {
  readonly #waiting = new Set<() => void>()
  readonly #most: number
  readonly #refuse: () => Error
  #free: number

  /** `waiting`: how many may wait; of one more `refuse` says why not. */
  constructor(atATime: number, waiting: number, refuse: () => Error) {
    this.#free = atATime
    this.#most = waiting
    this.#refuse = refuse
  }

  /**
   * Resolves when it is one's turn, with what ends it. One who has gone meanwhile gives the place up.
   *
   * @throws what `refuse` says
   */
  async take(gone: AbortSignal = neverGone): Promise<() => void> {
    gone.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#wait(gone)
    let isTaken = true
    return () => {
      if (isTaken) this.#give()
      isTaken = false
    }
  }

  async #wait(gone: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#most) throw this.#refuse()
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(begin)
        reject(gone.reason as Error)
      }
      const begin = (): void => {
        gone.removeEventListener('abort', leave)
        resolve()
      }
      this.#waiting.add(begin)
      gone.addEventListener('abort', leave, { once: true })
    })
  }

  /** Handed on to who waits first: nobody who comes just now gets in between. */
  #give(): void {
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin)
      return begin()
    }
    this.#free += 1
  }
}
