/** The last events, as the lines that were sent of them. */
import type { Event } from '../../policy/api/events.ts'

type Kind = Event['kind']

export interface Recent {
  add(kind: Kind, line: string): void
  /** The last `count` of these kinds, the oldest first; fewer where no more are remembered. */
  last(kinds: ReadonlySet<Kind>, count: number): string[]
}

/** `count` bounds the events, `size` all their text, in UTF-16 units: a guest may have long lists of addresses. */
export interface RecentLimits {
  readonly count: number
  readonly size: number
}

/** All of it at once is far below what makes a slow reader of a client. */
const usual: RecentLimits = { count: 1000, size: 1_048_576 }

export function createRecent({ count: most, size: room }: RecentLimits = usual): Recent {
  const kept: { readonly kind: Kind; readonly line: string }[] = []
  let size = 0
  return {
    add(kind, line) {
      kept.push({ kind, line })
      size += line.length
      while (kept.length > most || size > room) size -= kept.shift()?.line.length ?? 0
    },
    last(kinds, count) {
      const fitting = kept.filter(({ kind }) => kinds.has(kind))
      return fitting.slice(Math.max(0, fitting.length - count)).map(({ line }) => line)
    },
  }
}
