/** Carries the daemon's events to the connections that subscribed. */
import type { Event } from '../../policy/api/events.ts'
import type { EventBus } from '../events.ts'

type Kind = Event['kind']

/** Receives the text of an `event` notification. */
export type Subscriber = (line: string) => void

export interface Subscriptions {
  /** Replaces what this subscriber gets; `undefined` for nothing. */
  set(subscriber: Subscriber, kinds: readonly Kind[] | undefined): void
  /** Lets go of the bus. */
  close(): void
}

export function createSubscriptions(events: EventBus): Subscriptions {
  const subscribers = new Map<Subscriber, ReadonlySet<Kind>>()
  const detach = events.on((event) => {
    let line: string | undefined
    for (const [subscriber, kinds] of subscribers) {
      if (!kinds.has(event.kind)) continue
      line ??= JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event })
      subscriber(line)
    }
  })
  return {
    set(subscriber, kinds) {
      if (kinds) subscribers.set(subscriber, new Set(kinds))
      else subscribers.delete(subscriber)
    },
    close() {
      detach()
      subscribers.clear()
    },
  }
}
