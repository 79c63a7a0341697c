/** Brings a VPN onto the host: its links, then its tunnel. */
import type { Bridges } from '../network/bridges.ts'
import type { HostLinks } from '../network/links.ts'
import { tunnelKey, vpnRequests } from '../network/requests.ts'
import type { VpnRecord } from './record.ts'
import type { VpnTable } from './table.ts'
import type { Tunnels } from './tunnel.ts'

export interface BringUp {
  /** From whatever is there. Throws the helper's errors and those of {@link Tunnels.up}. To be called in the VPN's queue. */
  all(record: VpnRecord): Promise<void>
  /** The same, where links and tincd are as they should be without asking the helper: what may have changed are the peers. */
  peers(record: VpnRecord): Promise<void>
}

interface Dependencies {
  readonly vpns: VpnTable
  readonly bridges: Bridges
  readonly links: HostLinks
  readonly tunnels: Tunnels
}

export function createBringUp({ vpns, bridges, links, tunnels }: Dependencies): BringUp {
  const all = async (record: VpnRecord): Promise<void> => {
    const tap = await bridges.ensure(record.name, vpnRequests(record))
    await tunnels.up(record, await vpns.secrets(record.name), tap)
  }
  return {
    all,
    async peers(record) {
      const tap = links.nameOf('tap', tunnelKey(record.name))
      if (tap !== undefined && tunnels.find(record.name)) await tunnels.up(record, await vpns.secrets(record.name), tap)
      else await all(record)
    },
  }
}
