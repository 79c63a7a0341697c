/** PURE: private networks and VPNs as one list. */
import type { Network } from '../../../../policy/api/network.ts'
import type { Vpn, VpnPeer } from '../../../../policy/api/vpn.ts'
import { filterRows } from '../../model/filter.ts'
import type { NetworksView } from '../../model/views.ts'
import type { World } from '../../model/world.ts'
import { nameOf } from '../vms/rows.ts'

interface Row {
  /** Names of VPNs and of private networks may be the same. */
  readonly key: string
  readonly name: string
  /** Names of the VMs of this host that are on it. */
  readonly vms: readonly string[]
}

export type NetworkRow =
  | (Row & { readonly kind: 'network'; readonly network: Network })
  /** `peers` is absent as long as they are not known. */
  | (Row & { readonly kind: 'vpn'; readonly network: Vpn; readonly peers?: readonly VpnPeer[] })

/** All of them, by name; `undefined` where neither list has come yet. */
export function networkRows({ networks, vpns, peers, vms }: World): NetworkRow[] | undefined {
  if (!networks.items && !vpns.items) return undefined
  const named = (ids: readonly string[]): string[] => ids.map((id) => (vms?.has(id) ? nameOf(vms.get(id)!) : id))
  const rows: NetworkRow[] = [
    ...(networks.items ?? []).map((network) => ({ kind: 'network' as const, key: `network:${network.name}`, name: network.name, vms: named(network.vms), network })),
    ...(vpns.items ?? []).map((network) => {
      const known = peers.items?.get(network.name)
      return { kind: 'vpn' as const, key: `vpn:${network.name}`, name: network.name, vms: named(network.vms), network, ...(known && { peers: known }) }
    }),
  ]
  return rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

export function filterNetworks(rows: readonly NetworkRow[], { list: { filter } }: NetworksView): readonly NetworkRow[] {
  return filterRows(rows, filter, ({ kind, name, vms, network: { prefix = '', problem = '' } }) => [kind, name, prefix, problem, ...vms])
}

/** Hosts of a VPN that tincd reaches now, of all that it knows: `1/2`; `?/2` where no tincd tells. */
export function reachOf(row: NetworkRow): string {
  if (row.kind !== 'vpn') return ''
  const told = row.peers?.filter(({ reachable }) => reachable !== undefined) ?? []
  const all = row.network.peers.length
  return told.length === 0 && all > 0 ? `?/${all}` : `${told.filter(({ reachable }) => reachable).length}/${all}`
}
