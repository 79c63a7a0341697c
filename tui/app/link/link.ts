/**
 * The connection to the daemon, held as long as the program runs: made anew when it is lost. All that is shown follows
 * from what comes over it. What it tells by itself is not asked for again and again: only the log that is on the screen is, and
 * what changes without a word (resources.ts).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectionError, connect, type Client } from '../../client.ts'
import type { SocketChoice } from '../../find-socket.ts'
import type { Link } from '../context.ts'
import type { Store } from '../model/store.ts'
import { withSilence, withStats, withVms, type World } from '../model/world.ts'
import { createEventFeed } from './event-feed.ts'
import { leaveGone } from '../screens/leave-gone.ts'
import { createLogFeed } from './log-feed.ts'
import { createPlanFeed } from './plan-feed.ts'
import { createResources } from './resources.ts'
import { createStatsFeed } from './stats-feed.ts'
import { watchSilence } from './watch-silence.ts'

/** Milliseconds until it is tried again, longer each time. */
const PAUSES = [250, 500, 1000, 2000, 5000]
/** Events of the time before a connection: what there was before the first one, and what was missed before another. */
const RECENT = 200
/** A daemon that takes a connection and says nothing for so long, in ms, is as good as none. */
const begin = { timeoutMs: 10_000 }

export interface HeldLink extends Link {
  /** Resolves when the first answer of a daemon, or the reason why there is none, is in the state. */
  readonly ready: Promise<void>
  close(): void
}

export function holdLink(choice: Omit<SocketChoice, 'access'>, store: Store): HeldLink {
  const changeWorld = (step: (world: World) => World): void => store.changeSoon((state) => leaveGone(state, { ...state, now: Date.now(), world: step(state.world) }))
  const ending = new AbortController()
  let client: Client | undefined
  let settleReady: () => void
  const ready = new Promise<void>((resolve) => (settleReady = resolve))

  const link: Link = {
    async call(method, params, options) {
      if (client) return await client.call(method, params, options)
      throw new ConnectionError('lost', '', 'the daemon does not answer')
    },
    refresh: (resource) => resources.refresh(resource),
  }
  const resources = createResources(link, store, changeWorld)
  const events = createEventFeed(link, changeWorld, resources)
  const stats = createStatsFeed(link, store)
  const logs = createLogFeed(link, store)
  const plans = createPlanFeed(link, store, changeWorld)

  /** From a connection to its end; throws why it ended. */
  const serve = async (): Promise<void> => {
    const now = await connect({ ...choice, access: 'observe' })
    if (ending.signal.aborted) return now.close()
    now.onNotification('event', events.take)
    now.onNotification('stats', ({ at, vms }) => changeWorld((world) => withStats(world, Date.parse(at), vms)))
    events.resume(store.get().world.events)
    client = now
    let endWatch = (): void => {}
    try {
      // Subscribed first: what happens while the list is made comes behind it.
      const [info, , { vms }] = await Promise.all([
        now.call('system.info', {}, begin),
        now.call('events.subscribe', { recent: RECENT }, begin),
        now.call('vm.list', {}, begin),
      ])
      store.change((state) =>
        leaveGone(state, { ...state, now: Date.now(), world: { ...withVms(state.world, vms), link: { state: 'up', info, socket: now.socketPath } } }),
      )
      settleReady()
      events.caughtUp()
      stats.reset()
      plans.reset()
      logs.reset()
      resources.reset()
      endWatch = watchSilence(() => now.call('system.info', {}), (isSilent) => store.change((state) => ({ ...state, now: Date.now(), world: withSilence(state.world, isSilent) })))
      throw (await now.closed) ?? new Error('closed')
    } finally {
      endWatch()
      client = undefined
      now.close()
    }
  }

  const hold = async (): Promise<void> => {
    for (let tries = 0; !ending.signal.aborted; tries++) {
      await serve().catch((error: unknown) => {
        if (ending.signal.aborted) return
        if (store.get().world.link.state === 'up') tries = 0
        const { message, hint } = error as Error & { hint?: string }
        store.change((state) => {
          const { link: before } = state.world
          const since = before.state === 'down' ? before.since : Date.now()
          return { ...state, now: Date.now(), world: { ...state.world, operations: [], link: { state: 'down', message, ...(hint !== undefined && { hint }), since } } }
        })
        settleReady()
      })
      await pause(PAUSES[Math.min(tries, PAUSES.length - 1)], undefined, { signal: ending.signal }).catch(() => undefined)
    }
  }
  void hold()

  return {
    ...link,
    ready,
    close() {
      ending.abort()
      stats.close()
      plans.close()
      logs.close()
      resources.close()
      client?.close()
    },
  }
}
