/** Carries the daemon's events to the connections that subscribed, and remembers the last ones for those that do so later. */
import type { Event } from '../../policy/api/events.ts'
import type { EventBus } from '../events.ts'
import { createRecent } from './recent.ts'

type Kind = Event['kind']

/** Receives the text of an `event` notification. */
export type Subscriber = (line: string) => void

export interface Subscriptions {
  /**
   * Replaces what this subscriber gets; `undefined` for nothing. Before this returns it is told so many of these kinds as have
   * happened last: none that comes is among them, and none is missed between.
   */
  set(subscriber: Subscriber, kinds: readonly Kind[] | undefined, recent?: number): void
  /** Lets go of the bus. */
  close(): void
}

/** Remembers from now on. */
export function createSubscriptions(events: EventBus): Subscriptions {
  const past = createRecent()
  const subscribers = new Map<Subscriber, ReadonlySet<Kind>>()
  const detach = events.on((event) => {
    const line = JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event })
    past.add(event.kind, line)
    for (const [subscriber, kinds] of subscribers) {
      if (kinds.has(event.kind)) subscriber(line)
    }
  })
  return {
    set(subscriber, kinds, recent = 0) {
      subscribers.delete(subscriber)
      if (!kinds) return
      const wanted = new Set(kinds)
      subscribers.set(subscriber, wanted)
      for (const line of past.last(wanted, recent)) subscriber(line)
    },
    close() {
      detach()
      subscribers.clear()
    },
  }
}
