/** So many at a time; the others wait in the order in which they came, and too many are refused. */
import { HttpProblem } from '../http-problem.ts'

export class Turns {
  readonly #waiting = new Set<() => void>()
  readonly #most: number
  #free: number

  constructor(atATime: number, waiting: number) {
    this.#free = atATime
    this.#most = waiting
  }

  /**
   * Resolves when it is one's turn, with what ends it. One who has gone meanwhile gives the place up.
   *
   * @throws HttpProblem DOOR_BUSY
   */
  async take(gone: AbortSignal): Promise<() => void> {
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
    if (this.#waiting.size >= this.#most) {
      throw new HttpProblem('DOOR_BUSY', this.#most === 0 ? 'As many as can be served are served already' : `${this.#most} requests wait already`, { hint: 'ask again later', headers: { 'retry-after': '5' } })
    }
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
