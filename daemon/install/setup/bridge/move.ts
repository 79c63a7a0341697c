/**
 * PURE: the uplink's addresses and routes -> the lines of ip(8) that put them on a new bridge, and those that put them back.
 *
 * The bridge is made before, down and without a port, which harms nothing. Then one `ip -batch` does the rest: what is in
 * between is over in milliseconds, and no line of it waits for the network.
 */
import { UserError } from '../../../../policy/errors.ts'
import { isMoved, isNetworkOf, writeAddress, type Address } from './addresses.ts'
import { orderRoutes, writeRoute, type Route } from './routes.ts'

export interface UplinkFacts {
  readonly links: readonly LinkFacts[]
  readonly routes: readonly Route[]
  readonly isWireless: boolean
  /** Settings of the uplink's IPv6 (net.ipv6.conf); absent where there is no IPv6. */
  readonly ipv6: { readonly accept_ra: number; readonly forwarding: number; readonly disable_ipv6: number } | undefined
}

export interface LinkFacts {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly address?: string
  readonly link_type?: string
  readonly master?: string
  readonly mtu?: number
  readonly linkinfo?: { readonly info_kind?: string }
  readonly addr_info: readonly Address[]
}

export interface Move {
  readonly bridge: string
  readonly uplink: string
  /** Makes the bridge. */
  readonly prepare: readonly string[]
  /** Of net.ipv6.conf, for the bridge before it is up. */
  readonly settings: Readonly<Record<string, number>>
  readonly lines: readonly string[]
  readonly revert: readonly string[]
  readonly notes: readonly string[]
  /** No other link has a default route. */
  readonly isOnlyWay: boolean
  /** What is to be made permanent. */
  readonly snippets: { readonly addresses: readonly Address[]; readonly gateways: readonly Route[] }
}

/** Throws a UserError where the bridge cannot be made; `done` where it is there with this uplink on it. */
export function planMove({ bridge, uplink }: { readonly bridge: string; readonly uplink: string }, facts: UplinkFacts): Move | 'done' {
  const link = facts.links.find(({ ifname }) => ifname === uplink)
  const there = facts.links.find(({ ifname }) => ifname === bridge)
  if (!link) {
    throw new UserError('NET_NOT_FOUND', `There is no link ${uplink} on this host`, { field: 'uplink', hint: '`ip link` shows those that there are' })
  }
  if (there && there.linkinfo?.info_kind === 'bridge' && link.master === bridge) return 'done'
  refuseUnlessBridgeable(link, there, bridge, facts)

  const addresses = link.addr_info.filter(isMoved)
  const routes = orderRoutes(facts.routes.filter((route) => isOfUplink(route, uplink, addresses)))
  const restored = [
    ...addresses.map((address) => writeAddress(address, uplink, uplink)),
    ...routes.map((route) => writeRoute('replace', route, uplink)),
  ]
  const hearsRouters = usesAdvertisements(facts, link, routes)
  const ways = facts.routes.filter((route) => route.dst === 'default' && isUnicast(route) && (route.table ?? 'main') === 'main')
  return {
    bridge,
    uplink,
    prepare: [`link add name ${bridge} address ${link.address!} mtu ${link.mtu ?? 1500} type bridge stp_state 0 forward_delay 0`],
    settings: facts.ipv6 ? { disable_ipv6: facts.ipv6.disable_ipv6, accept_ra: hearsRouters ? facts.ipv6.accept_ra : 0 } : {},
    lines: [
      `link set dev ${uplink} up master ${bridge}`,
      `link set dev ${bridge} up`,
      ...routes.toReversed().map((route) => writeRoute('delete', route, uplink)),
      // the first of a network goes last: with it go the others (ip-sysctl: promote_secondaries)
      ...addresses.toReversed().map((address) => `address delete ${address.local}/${address.prefixlen} dev ${uplink}`),
      ...addresses.map((address) => writeAddress(address, uplink, bridge)),
      ...routes.map((route) => writeRoute('replace', route, bridge)),
    ],
    revert: restoreLines(bridge, uplink, restored),
    notes: describe(bridge, uplink, { addresses, hearsRouters, hasIpv6: facts.ipv6 !== undefined }),
    isOnlyWay: ways.length > 0 && ways.every(({ dev }) => dev === uplink),
    snippets: { addresses, gateways: ways.filter(({ dev }) => dev === uplink) },
  }
}

/** The lines that take a bridge away and give what it has now to its uplink. */
export function planReturn({ bridge, uplink }: { readonly bridge: string; readonly uplink: string }, facts: UplinkFacts): string[] {
  const link = facts.links.find(({ ifname }) => ifname === bridge)
  if (!link || link.linkinfo?.info_kind !== 'bridge') return []
  const addresses = link.addr_info.filter(isMoved)
  const routes = orderRoutes(facts.routes.filter((route) => isOfUplink(route, bridge, addresses)))
  const restored = [
    ...addresses.map((address) => writeAddress(address, bridge, uplink)),
    ...routes.map((route) => writeRoute('replace', route, uplink)),
  ]
  return restoreLines(bridge, uplink, restored)
}

/** With the bridge go its addresses and routes. Run with `-force`: whatever was reached, each line counts for itself. */
function restoreLines(bridge: string, uplink: string, restored: readonly string[]): string[] {
  return [`link set dev ${uplink} nomaster`, `link delete dev ${bridge} type bridge`, `link set dev ${uplink} up`, ...restored]
}

function refuseUnlessBridgeable(link: LinkFacts, there: LinkFacts | undefined, bridge: string, { isWireless }: UplinkFacts): void {
  const { ifname: uplink, master, link_type, flags } = link
  const conflict = (message: string, hint: string): UserError => new UserError('SETUP_CONFLICT', message, { field: 'create-bridge', hint })
  if (there && there.linkinfo?.info_kind !== 'bridge') throw conflict(`There is a link ${bridge}, and it is no bridge`, 'Choose another name')
  if (there) throw conflict(`There is a bridge ${bridge}, and ${uplink} is not on it`, `Give it to setup as it is, with --bridge ${bridge}, or choose another name`)
  if (master !== undefined) throw conflict(`${uplink} is on ${master} already`, `If that is a bridge, give it to setup with --bridge ${master}`)
  if (isWireless) throw conflict(`${uplink} is wireless, and an access point takes frames of one MAC address alone`, 'Use private networks, or a link with a cable')
  if (link_type !== 'ether' || flags.includes('LOOPBACK') || link.linkinfo?.info_kind === 'bridge') {
    throw conflict(`${uplink} cannot be on a bridge: it is ${link.linkinfo?.info_kind ?? link_type ?? 'no Ethernet link'}`, 'Name the link with the cable')
  }
}

const isUnicast = ({ type }: Route): boolean => type === undefined || type === 'unicast'

/**
 * Whether it has to be made by hand. What follows from an address the kernel makes itself, unless it was told not to
 * (noprefixroute): then somebody else has made it, in the kernel's name. One of IPv6 that expires outlives its address, and
 * would lead to a link where nothing is heard any more.
 */
function isOfUplink(route: Route, uplink: string, addresses: readonly Address[]): boolean {
  if (route.nexthops?.some(({ dev }) => dev === uplink)) {
    throw new UserError('SETUP_CONFLICT', `The route to ${route.dst} has several next hops, one by ${uplink}`, {
      field: 'create-bridge',
      hint: 'Make the bridge by hand, and give it to setup with --bridge',
    })
  }
  if (route.dev !== uplink || !isUnicast(route) || route.table === 'local') return false
  if (route.protocol !== 'kernel' || route.expires !== undefined) return true
  return addresses.some((address) => address.noprefixroute === true && isNetworkOf(route.dst, address))
}

/** Whether the host has something by router advertisements, and the kernel is who hears them (ip-sysctl: accept_ra). */
function usesAdvertisements({ ipv6 }: UplinkFacts, link: LinkFacts, routes: readonly Route[]): boolean {
  if (!ipv6 || ipv6.accept_ra === 0 || (ipv6.accept_ra === 1 && ipv6.forwarding !== 0)) return false
  const isAdvertised = ({ family, dynamic, scope }: Address): boolean => family === 'inet6' && dynamic === true && scope === 'global'
  return link.addr_info.some(isAdvertised) || routes.some(({ protocol }) => protocol === 'ra')
}

function describe(
  bridge: string,
  uplink: string,
  { addresses, hearsRouters, hasIpv6 }: { readonly addresses: readonly Address[]; readonly hearsRouters: boolean; readonly hasIpv6: boolean },
): string[] {
  const lease = addresses.find(({ family, dynamic }) => family === 'inet' && dynamic)
  return [
    ...(hearsRouters
      ? [`${bridge} hears router advertisements, for this host has its IPv6 by them; a guest on ${bridge} can send them as well`]
      : hasIpv6
        ? [`${bridge} hears no router advertisements: this host has nothing by them, and a guest could send them`]
        : []),
    ...(lease ? [`${lease.local} is a DHCP lease, for ${lease.valid_life_time} s more: the client has to ask on ${bridge} before that`] : []),
    `rules of a firewall that name ${uplink} have to name ${bridge}`,
  ]
}
