/** Has the daemon measure the VMs that are on the screen, and no others. */
import type { Link } from '../context.ts'
import { bodySize, currentView, type State } from '../model/state.ts'
import type { Store } from '../model/store.ts'
import { screenOf } from '../screens/all.ts'

/** Seconds between two looks. */
const EVERY = 3
/** Milliseconds that one stays somewhere before what is there is measured: who scrolls through asks for nothing. */
const SETTLE = 200

export interface StatsFeed {
  /** A new connection has no subscription. */
  reset(): void
  close(): void
}

export function createStatsFeed(link: Link, store: Store): StatsFeed {
  let wanted: readonly string[] = []
  let timer: NodeJS.Timeout | undefined

  const subscribe = (): void => {
    const asked =
      wanted.length === 0 ? link.call('stats.unsubscribe', {}) : link.call('stats.subscribe', { vms: [...wanted], everySeconds: EVERY })
    const these = wanted
    // A VM that has just gone, or a connection that has: with the next change of the screen it is asked for again.
    asked.catch(() => {
      if (wanted === these) wanted = []
    })
  }
  const look = (): void => {
    const state = store.get()
    if (state.world.link.state !== 'up') return
    const now = measuredIn(state)
    if (isSame(now, wanted)) return
    wanted = now
    clearTimeout(timer)
    timer = setTimeout(subscribe, SETTLE)
  }
  const unsubscribe = store.subscribe(look)
  return {
    reset() {
      wanted = []
      look()
    },
    close() {
      clearTimeout(timer)
      unsubscribe()
    },
  }
}

function measuredIn(state: State): readonly string[] {
  const view = currentView(state)
  return screenOf(view).measures?.(view, state, bodySize(state)) ?? []
}

/** The same VMs, in whichever order they are shown. */
function isSame(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(b)
  return a.length === b.length && a.every((id) => known.has(id))
}
