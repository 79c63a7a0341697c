/** Parts of the world that are asked for when a screen shows them, and again when an event says that they have changed. */
import type { Event } from '../../../policy/api/events.ts'
import type { Link, Resource } from '../context.ts'
import type { Store } from '../model/store.ts'
import { currentView } from '../model/state.ts'
import type { Fetched, World } from '../model/world.ts'
import { screenOf } from '../screens/all.ts'

export interface Resources {
  /** Asks for it now. */
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
}

const sources: Readonly<Record<Resource, Source>> = {
  images: { ask: async (link) => (await link.call('image.list', {})).images, changesWith: ['image.', 'vm.created', 'vm.deleted'] },
  catalogue: { ask: async (link) => (await link.call('image.catalogue', {})).images, changesWith: [] },
  networks: { ask: async (link) => (await link.call('network.list', {})).networks, changesWith: ['network.', 'vm.created', 'vm.deleted'] },
  vpns: { ask: async (link) => (await link.call('vpn.list', {})).vpns, changesWith: ['vpn.', 'vm.created', 'vm.deleted'] },
  checks: { ask: async (link) => (await link.call('system.doctor', {})).checks, changesWith: [] },
}

export function createResources(link: Link, store: Store, changeWorld: (step: (world: World) => World) => void): Resources {
  let shown: readonly Resource[] = []

  const refresh = (resource: Resource): void => {
    if (store.get().world.link.state !== 'up') return
    const put = (fetched: (before: Fetched<unknown>) => Fetched<unknown>): void =>
      changeWorld((world) => ({ ...world, [resource]: fetched(world[resource]) }))
    sources[resource].ask(link).then(
      (items) => put(() => ({ items })),
      (error: unknown) => put((before) => ({ ...before, error: (error as Error).message })),
    )
  }
  /** Whatever comes into view is asked for: also when one comes back to it, for nobody was told meanwhile. */
  const look = (): void => {
    const { shows = [] } = screenOf(currentView(store.get()))
    const fresh = shows.filter((resource) => !shown.includes(resource))
    shown = shows
    fresh.forEach(refresh)
  }
  const unsubscribe = store.subscribe(look)

  return {
    refresh,
    heard(kind) {
      for (const resource of shown) if (sources[resource].changesWith.some((start) => kind.startsWith(start))) refresh(resource)
    },
    reset() {
      shown = []
      look()
    },
    close: unsubscribe,
  }
}
