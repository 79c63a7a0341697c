/**
 * Asks guest agents for addresses in the background, so that no caller ever waits for a guest. A guest is hostile: its
 * answers are bounded and checked by the agent client, and a guest that does not answer costs one timer.
 */
import type { EventBus } from '../events.ts'
import type { GuestAgent } from '../qemu/agent.ts'
import type { GuestAddress } from '../../policy/api/vm.ts'
import type { Live } from './live.ts'
import type { Entry, VmTable } from './table.ts'

/**
 * Right after the agent came up the guest has often no address yet; a guest that has none for long may never get one, and
 * addresses once there rarely change.
 */
const SOON_MS = 300
const GROWTH = 1.3
const LATER_MS = 30_000

export interface GuestWatch {
  /** Begins to ask this VM's agent, until it is gone or the VM has ended. */
  watch(entry: Entry, live: Live): void
  close(): void
}

export function createGuestWatch(dependencies: {
  readonly table: VmTable
  readonly events: EventBus
  readonly agent: (entry: Entry) => GuestAgent
}): GuestWatch {
  const { table, events, agent } = dependencies
  const timers = new Map<Entry, NodeJS.Timeout>()
  let closed = false

  const isWatched = (entry: Entry, live: Live): boolean => !closed && entry.live === live && live.agent === 'connected'

  const ask = async (entry: Entry, live: Live, pauseMs: number): Promise<void> => {
    timers.delete(entry)
    let isSettled = false
    try {
      const addresses = await agent(entry).interfaces()
      if (!isWatched(entry, live)) return
      take(entry, live, addresses)
      isSettled = addresses.some(isRoutable)
    } catch {
      // Absent or silent is a state of the guest; `agentAnswered` and the age of the addresses tell it.
    }
    if (isWatched(entry, live)) schedule(entry, live, isSettled ? LATER_MS : Math.min(pauseMs * GROWTH, LATER_MS))
  }

  const take = (entry: Entry, live: Live, addresses: readonly GuestAddress[]): void => {
    const before = JSON.stringify(live.addresses)
    live.agentAnswered = true
    live.addresses = addresses
    live.addressesAt = new Date()
    table.changed(entry)
    if (JSON.stringify(addresses) !== before) {
      events.emit({ kind: 'vm.addresses', vm: entry.id, name: entry.record.name, addresses: [...addresses] })
    }
  }

  const schedule = (entry: Entry, live: Live, pauseMs: number): void => {
    clearTimeout(timers.get(entry))
    timers.set(
      entry,
      setTimeout(() => void ask(entry, live, pauseMs), pauseMs),
    )
  }

  return {
    watch(entry, live) {
      schedule(entry, live, SOON_MS)
    },
    close() {
      closed = true
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

/** Link-local addresses (fe80::/10, RFC 4291; 169.254/16, RFC 3927) come by themselves and say nothing of the network. */
function isRoutable({ address }: GuestAddress): boolean {
  return !/^(fe[89ab]|169\.254\.)/i.test(address)
}
