/** Parts of the world that are asked for when a screen shows them, and again when an event says that they have changed. */
import type { Event } from '../../../policy/api/events.ts'
import type { Link, Resource } from '../context.ts'
import type { Store } from '../model/store.ts'
import { currentView } from '../model/state.ts'
import type { Fetched, World } from '../model/world.ts'
import { screenOf } from '../screens/all.ts'

export interface Resources {
  /** Asks for it now, or once more when the answer has come that is waited for. */
  refresh(resource: Resource): void
  /** Asks for what is shown and changes with events of this kind. */
  heard(kind: Event['kind']): void
  /** A new connection: what is shown is asked for anew. */
  reset(): void
  close(): void
}

interface Source {
  readonly ask: (link: Link) => Promise<unknown>
  /** Kinds of events begin with one of these. */
  readonly changesWith: readonly string[]
  /** Milliseconds after which it is asked for again, where something of it changes without an event. */
  readonly every?: number
}

/** A tunnel, and the way to a host at its other end, come and go without a word. */
const TUNNELS = 5000

const sources: Readonly<Record<Resource, Source>> = {
  images: { ask: async (link) => (await link.call('image.list', {})).images, changesWith: ['image.', 'vm.created', 'vm.deleted'] },
  catalogue: { ask: async (link) => (await link.call('image.catalogue', {})).images, changesWith: [] },
  networks: { ask: async (link) => (await link.call('network.list', {})).networks, changesWith: ['network.', 'vm.created', 'vm.deleted'] },
  vpns: { ask: async (link) => (await link.call('vpn.list', {})).vpns, changesWith: ['vpn.', 'vm.created', 'vm.deleted'], every: TUNNELS },
  peers: { ask: askPeers, changesWith: ['vpn.'], every: TUNNELS },
  checks: { ask: async (link) => (await link.call('system.doctor', {})).checks, changesWith: [] },
}

async function askPeers(link: Link): Promise<World['peers']['items']> {
  const { vpns } = await link.call('vpn.list', {})
  const asked = await Promise.allSettled(vpns.map(async ({ name }) => [name, (await link.call('vpn.peer.list', { vpn: name })).peers] as const))
  return new Map(asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])))
}

export function createResources(link: Link, store: Store, changeWorld: (step: (world: World) => World) => void): Resources {
  let shown: readonly Resource[] = []
  /** The questions that are under way, one of a kind: what makes an answer old before it has come has it asked once more. */
  const questions = new Map<Resource, { isOld: boolean }>()

  const refresh = (resource: Resource): void => {
    if (store.get().world.link.state !== 'up') return
    const before = questions.get(resource)
    if (before) return void (before.isOld = true)
    const question = { isOld: false }
    questions.set(resource, question)
    const put = (fetched: (before: Fetched<unknown>) => Fetched<unknown>): void =>
      changeWorld((world) => ({ ...world, [resource]: fetched(world[resource]) }))
    const end = (fetched: (before: Fetched<unknown>) => Fetched<unknown>): void => {
      put(fetched)
      questions.delete(resource)
      if (question.isOld) refresh(resource)
    }
    put((asked) => ({ ...asked, asking: true }))
    sources[resource].ask(link).then(
      (items) => end(() => ({ items })),
      (error: unknown) => end(({ asking: _ended, ...asked }) => ({ ...asked, error: (error as Error).message })),
    )
  }
  const timers = new Map<Resource, NodeJS.Timeout>()
  const forget = (resource: Resource): void => {
    clearInterval(timers.get(resource))
    timers.delete(resource)
  }
  const watch = (resource: Resource): void => {
    refresh(resource)
    const { every } = sources[resource]
    const again = (): void => {
      if (!questions.has(resource)) refresh(resource)
    }
    if (every !== undefined) timers.set(resource, setInterval(again, every))
  }
  /** Whatever comes into view is asked for: also when one comes back to it, for nobody was told meanwhile. */
  const look = (): void => {
    const { shows = [] } = screenOf(currentView(store.get()))
    const fresh = shows.filter((resource) => !shown.includes(resource))
    const gone = shown.filter((resource) => !shows.includes(resource))
    shown = shows
    gone.forEach(forget)
    fresh.forEach(watch)
  }
  const unsubscribe = store.subscribe(look)

  return {
    refresh,
    heard(kind) {
      for (const resource of shown) if (sources[resource].changesWith.some((start) => kind.startsWith(start))) refresh(resource)
    },
    reset() {
      shown.forEach(forget)
      shown = []
      look()
    },
    close() {
      shown.forEach(forget)
      unsubscribe()
    },
  }
}
