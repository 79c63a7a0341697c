/** Holds the state, and tells who listens that it has changed. */
import type { State } from './state.ts'

export interface Store {
  get(): State
  /** At once: for what the user does. */
  change(step: (state: State) => State): void
  /**
   * Together with others, a few times a second: for what the daemon tells, so that hundreds of VMs which change do not
   * have the screen drawn hundreds of times. In the order of the calls, and before any later `change`.
   */
  changeSoon(step: (state: State) => State): void
  subscribe(listener: () => void): () => void
}

/** Milliseconds between two changes by `changeSoon`. */
const PACE = 330

export function createStore(initial: State): Store {
  const listeners = new Set<() => void>()
  let state = initial
  let waiting: ((state: State) => State)[] = []
  let timer: NodeJS.Timeout | undefined

  const settle = (): void => {
    const steps = waiting
    waiting = []
    for (const step of steps) state = step(state)
  }
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  const flush = (): void => {
    timer = undefined
    if (waiting.length === 0) return
    settle()
    timer = setTimeout(flush, PACE)
    tell()
  }
  return {
    get: () => state,
    change(step) {
      settle()
      state = step(state)
      tell()
    },
    changeSoon(step) {
      waiting.push(step)
      // The first of a burst waits for those that come in the same turn alone.
      timer ??= setTimeout(flush, 0)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
