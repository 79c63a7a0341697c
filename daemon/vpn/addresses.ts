/** What this host is called, and where others reach it, as far as it can tell itself. Pure but for what is asked of the kernel. */
import { readFileSync } from 'node:fs'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { HostAddress, VpnHostName } from '../../policy/names.ts'
import { parsePrefix } from '../../policy/privileged/prefix.ts'
import { readOrNothing } from '../service/process.ts'

/** As many as a token takes. */
const MOST_ADDRESSES = 8

/** Links that the helper makes (`deriveName` in helper/names.ts): behind them are guests. */
const OWN_LINK = /^ae[bnt][a-z2-7]{12}$/

/** IFA_F_TEMPORARY and IFA_F_DADFAILED of linux/if_addr.h. */
const UNFIT = 0x01 | 0x08

/**
 * IPv6 addresses that the host has and nobody is to be told of: those for privacy (RFC 8981), which are gone after a week, and come
 * in front of the one that stays; and those that are another's. As 32 digits (proc_net(5), if_inet6).
 */
function unfitAddresses(): ReadonlySet<string> {
  return new Set(readTable('if_inet6').flatMap(([digits = '', , , , flags = '']) => (Number.parseInt(flags, 16) & UNFIT ? [digits] : [])))
}

/** Links that a default route leads to (proc_net(5), route; ipv6_route has the same in other columns). */
function findUplinks(): ReadonlySet<string> {
  const four = readTable('route').flatMap(([link = '', to, , , , , , mask]) => (to === '00000000' && mask === to ? [link] : []))
  const six = readTable('ipv6_route').flatMap(([to = '', length, , , , , , , , link = '']) => (/^0+$/.test(to) && length === '00' && link !== 'lo' ? [link] : []))
  return new Set([...four, ...six])
}

/** Lines of a file of /proc/net, in words; none where the host has not got it. */
function readTable(name: string): string[][] {
  return (readOrNothing(() => readFileSync(`/proc/net/${name}`, 'utf8')) ?? '').split('\n').map((line) => line.trim().split(/\s+/))
}

/** Of an IPv4 address, none. */
const digitsOf = (address: string): string => parsePrefix(`${address}/128`)?.bits.toString(16).padStart(32, '0') ?? ''

/**
 * The addresses of the host that can be reached from others, those of its uplinks first, of either IPv4 first, without those of its own and of one link alone
 * (127.0.0.0/8, 169.254.0.0/16, fe80::/10), and without IPv6 addresses that do not last. Whether one is behind a NAT it cannot see; then they have to be told to it.
 */
export function hostAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(), uplinks = findUplinks()): HostAddress[] {
  const all = Object.entries(interfaces).flatMap(([link, infos = []]) => (OWN_LINK.test(link) ? [] : infos.map((info) => ({ ...info, isUplink: uplinks.has(link) }))))
  const unfit = unfitAddresses()
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith('169.254.') && !unfit.has(digitsOf(address)))
  // bridges of containers may have more addresses than a token takes
  const inOrder = [true, false].flatMap((first) => (['IPv4', 'IPv6'] as const).flatMap((family) => reachable.filter((info) => info.isUplink === first && info.family === family)))
  // the grammar has no place for link-local IPv6 addresses, nor for those that are no unicast ones
  const texts = inOrder.flatMap(({ address }) => HostAddress.safeParse(address).data ?? [])
  return [...new Set(texts)].slice(0, MOST_ADDRESSES)
}

/** A name in VPNs for a host that nobody has given one: the first label of its host name, with what a {@link VpnHostName} may hold. */
export function deriveHostName(hostname: string): VpnHostName {
  const [label = ''] = hostname.toLowerCase().split('.')
  return VpnHostName.parse(label.replace(/[^a-z0-9]/g, '').slice(0, 32) || 'host')
}
