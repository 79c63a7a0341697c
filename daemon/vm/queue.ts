/**
 * A queue a VM.
 *
 * Invariant: of the tasks given for one key at most one runs, and they run in the order in which `run` was called, whether
 * the one before succeeded or failed. Tasks of different keys know nothing of each other. A key with no task costs
 * nothing.
 */
export interface Queues<Key> {
  run<T>(key: Key, task: () => Promise<T>): Promise<T>
  /** Resolves when no task is left. */
  idle(): Promise<void>
  /** Tasks of all keys now. */
  readonly load: { readonly waiting: number; readonly running: number }
}

export function createQueues<Key>(): Queues<Key> {
  const tails = new Map<Key, Promise<unknown>>()
  const load = { waiting: 0, running: 0 }
  return {
    load,
    run(key, task) {
      const before = tails.get(key) ?? Promise.resolve()
      load.waiting += 1
      const begin = async () => {
        load.waiting -= 1
        load.running += 1
        try {
          return await task()
        } finally {
          load.running -= 1
        }
      }
      const result = before.then(begin, begin)
      const tail = result.catch(() => undefined).then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      tails.set(key, tail)
      return result
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values())
    },
  }
}
