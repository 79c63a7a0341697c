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
}

export function createQueues<Key>(): Queues<Key> {
  const tails = new Map<Key, Promise<unknown>>()
  return {
    run(key, task) {
      const before = tails.get(key) ?? Promise.resolve()
      const result = before.then(task, task)
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
