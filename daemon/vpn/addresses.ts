/** What this host is called, and where others reach it, as far as it can tell itself. Pure but for what is asked of the kernel. */
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { HostAddress, VpnHostName } from '../../policy/names.ts'

/** As many as a token takes. */
const MOST_ADDRESSES = 8

/** Links that the helper makes (`deriveName` in helper/names.ts): behind them are guests. */
const OWN_LINK = /^ae[bnt][a-z2-7]{12}$/

/**
 * The addresses of the host that can be reached from others, IPv4 first, without those of its own and of one link alone
 * (127.0.0.0/8, 169.254.0.0/16, fe80::/10). Whether one is behind a NAT it cannot see; then they have to be told to it.
 */
export function hostAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()): HostAddress[] {
  const all = Object.entries(interfaces).flatMap(([link, infos = []]) => (OWN_LINK.test(link) ? [] : infos))
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith('169.254.'))
  const inOrder = (['IPv4', 'IPv6'] as const).flatMap((family) => reachable.filter((info) => info.family === family))
  // the grammar has no place for link-local IPv6 addresses, nor for those that are no unicast ones
  const texts = inOrder.flatMap(({ address }) => HostAddress.safeParse(address).data ?? [])
  return [...new Set(texts)].slice(0, MOST_ADDRESSES)
}

/** A name in VPNs for a host that nobody has given one: the first label of its host name, with what a {@link VpnHostName} may hold. */
export function deriveHostName(hostname: string): VpnHostName {
  const [label = ''] = hostname.toLowerCase().split('.')
  return VpnHostName.parse(label.replace(/[^a-z0-9]/g, '').slice(0, 32) || 'host')
}
