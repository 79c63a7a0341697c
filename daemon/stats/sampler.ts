/** Looks at what VMs use for whoever has subscribed to that: one timer for all who want the same, and none while nobody does. */
import type { VmId } from '../../policy/names.ts'
import type { Entry } from '../vm/table.ts'
import type { Look, Observer } from './look.ts'

export interface StatsWanted {
  /** Only these; all that run where not said. */
  readonly entries: readonly Entry[] | undefined
  /** Milliseconds between two looks. */
  readonly everyMs: number
}

/** Receives the text of a `stats` notification. */
type Subscriber = (line: string) => void

export interface Sampler {
  /** Replaces what this subscriber gets, of which the first is sent before this returns; `undefined` for nothing. */
  set(subscriber: Subscriber, wanted: StatsWanted | undefined): void
}

interface Group {
  readonly key: string
  readonly subscribers: Set<Subscriber>
  readonly timer: NodeJS.Timeout
  before: Look
}

export function createSampler({ look, compare }: Observer): Sampler {
  const groups = new Map<string, Group>()
  const groupOf = new Map<Subscriber, Group>()

  const write = (before: Look, now: Look): string => JSON.stringify({ jsonrpc: '2.0', method: 'stats', params: compare(before, now) })

  const leave = (subscriber: Subscriber): void => {
    const group = groupOf.get(subscriber)
    if (!group) return
    groupOf.delete(subscriber)
    group.subscribers.delete(subscriber)
    if (group.subscribers.size > 0) return
    clearInterval(group.timer)
    groups.delete(group.key)
  }

  const begin = (key: string, { entries, everyMs }: StatsWanted, before: Look): Group => {
    const tick = (): void => {
      const now = look(entries)
      const line = write(group.before, now)
      group.before = now
      for (const subscriber of group.subscribers) subscriber(line)
    }
    const group: Group = { key, subscribers: new Set(), timer: setInterval(tick, everyMs).unref(), before }
    groups.set(key, group)
    return group
  }

  return {
    set(subscriber, wanted) {
      leave(subscriber)
      if (!wanted) return
      const key = keyOf(wanted)
      const now = look(wanted.entries)
      const group = groups.get(key) ?? begin(key, wanted, now)
      group.subscribers.add(subscriber)
      groupOf.set(subscriber, group)
      // Who comes in between two looks of the others sees what came of the one before, and moves neither.
      subscriber(write(group.before, now))
    },
  }
}

/** The same for all who want the same. */
function keyOf({ entries, everyMs }: StatsWanted): string {
  const ids: VmId[] | undefined = entries?.map(({ id }) => id)
  return `${everyMs} ${ids === undefined ? 'all' : [...new Set(ids)].sort().join(' ')}`
}
