/** The bus that carries what happened from where it happens to whoever subscribed. */
import type { Event } from '../policy/api/events.ts'

type Unstamped<E> = E extends Event ? Omit<E, 'at'> : never

export interface EventBus {
  /** Tells every listener, in order of subscription, before it returns. The time is stamped here. */
  emit(event: Unstamped<Event>): void
  /** Calls `listener` for each event from now on; the answer ends that. */
  on(listener: (event: Event) => void): () => void
}

export function createEventBus(now: () => Date = () => new Date()): EventBus {
  const listeners = new Set<(event: Event) => void>()
  return {
    emit(event) {
      const stamped: Event = { at: now().toISOString(), ...event }
      for (const listener of listeners) listener(stamped)
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
