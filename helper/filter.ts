/**
 * PURE: what may come from a tap, as lines for nft(8). A table of our own, of family bridge, sees each frame where it
 * enters a bridge (hook prerouting), and once more where the host itself would get it (hook input). Each tap has a chain
 * for either, by its name, and one of family netdev, before the bridge: some frames it takes past its own hooks.
 */
import type { Address } from '../policy/privileged/address.ts'
import { parsePrefix } from '../policy/privileged/prefix.ts'

const TABLE = 'bridge aetherscale'
const INGRESS = 'netdev aetherscale'

/** Rules for frames that come from a tap, and for those of them that are for the host. */
export type Rules = Readonly<{ from: readonly string[]; toHost: readonly string[] }>

/** A chain with these rules, and no others. */
const fill = (chain: string, rules: readonly string[], hook = '', table = TABLE): string[] =>
  [`add chain ${table} ${chain}${hook}`, `flush chain ${table} ${chain}`, ...rules.map((rule) => `add rule ${table} ${chain} ${rule}`)]

/** The tap's own chain for a frame that comes from it, and the one for what of it is for the host. */
const elements = (what: 'add' | 'delete', tap: string): string[] =>
  [`${what} element ${TABLE} ports { ${tap} : jump ${tap} }`, `${what} element ${TABLE} hosts { ${tap} : jump ${tap}.host }`]

/**
 * The addresses of 802.1D, table 7-10, are a bridge's own. What comes to some of them it takes for the tap's and, without
 * any hook, learns from it behind which port a MAC address is; with spanning tree, who is the root.
 */
const addIngress = (tap: string): string[] =>
  fill(tap, ['ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop'], ` { type filter hook ingress device ${tap} priority -300; policy accept; }`, INGRESS)

const LINK_LOCAL = 'ip6 saddr fe80::/64 ip6 daddr fe80::/64'

/** Given with every change: what somebody has removed of it is there again. */
export const FRAME: readonly string[] = [
  ...[TABLE, INGRESS].map((table) => `add table ${table}`),
  ...['ports', 'hosts'].map((map) => `add map ${TABLE} ${map} { type ifname : verdict; }`),
  ...fill('guest', [
    // no tag of a VLAN, one of priority alone (802.1Q) would be taken off by who gets it; no STP
    'ether type != { arp, ip, ip6 } drop',
    'arp htype 1 arp ptype ip arp hlen 6 arp plen 4 return',
    // what only routers and DHCP servers say
    'icmpv6 type { nd-router-advert, nd-redirect, router-renumbering, mld-listener-query } drop',
    'icmp type { redirect, router-advertisement } drop',
    'igmp type membership-query drop',
    'udp sport { 67, 547 } drop',
    // and what their clients hear, which do not ask from which port it comes
    'udp dport { 68, 546 } drop',
    // neighbour discovery comes whole (RFC 6980); of a later fragment, kernels differ in what they take for the type
    'frag frag-off 0 icmpv6 type != { echo-request, echo-reply } drop',
    // what a fragment's header leads to is no other one that leads on: octets behind the end of the packet are read here as a part of it, and not there
    'frag nexthdr { 0, 43, 44, 60 } drop',
    // a first fragment holds all headers (RFC 7112), and what they lead to: else it could not be read here, and be put together there
    '@th,0,32 0x0-0xffffffff return',
    'ip frag-off & 0x1fff != 0 return',
    'frag frag-off != 0 return',
    'drop',
  ]),
  ...fill('host', [
    // what neighbour discovery and multicast need, and answers to the host's own pings and connections
    'ip6 saddr { ::, fe80::/64 } icmpv6 type { 129, 131, 132, 133, 135, 136, 143 } accept',
    `${LINK_LOCAL} tcp flags & (syn | ack) != syn tcp flags & (ack | rst) != 0 accept`,
    'drop',
  ]),
  // before whatever else looks at bridges, br_netfilter among it, which puts fragments together
  ...fill('prerouting', ['iifname vmap @ports'], ' { type filter hook prerouting priority -300; policy accept; }'),
  ...fill('input', ['iifname vmap @hosts'], ' { type filter hook input priority -300; policy accept; }'),
]

/** What may stand for a word in capitals in the rules below. */
const VALUES: Readonly<Record<string, string>> = {
  TAP: 'aet[a-z2-7]{12}',
  MAC: '[0-9a-f]{2}(:[0-9a-f]{2}){5}',
  ID: '0x[0-9a-f]{16}',
  OTHERS: '@th,128,64 != 0x[0-9a-f]{16}( @th,64,128 != 0x[0-9a-f]{32}){0,8}',
  FOUR: '[0-9.]{7,15}(, [0-9.]{7,15}){0,7}',
  SIX: '[0-9a-f:]{2,39}(, [0-9a-f:]{2,39}){0,7}',
  SERVICE: '(tcp|udp) dport [0-9]{1,5}',
}
const ON_BRIDGE = ['ether saddr != MAC drop', 'arp saddr ether != MAC drop', 'jump guest']
const ON_NETWORK = [
  ...ON_BRIDGE,
  'icmpv6 type nd-neighbor-advert OTHERS drop',
  // whoever asks whether an address is free has none yet (RFC 4862, section 5.4)
  'ip6 saddr :: icmpv6 type nd-neighbor-solicit OTHERS drop',
  'ip6 saddr :: icmpv6 type { 131, 132, 133, 135, 143 } accept',
  'ether type ip6 @nh,128,64 ID accept',
  'ip6 saddr { SIX } accept',
  'ip saddr { FOUR } accept',
  'arp saddr ip { FOUR } accept',
  // a probe (RFC 5227)
  'arp saddr ip 0.0.0.0 arp daddr ip { FOUR } accept',
  'drop',
]
const TO_HOST = [`${LINK_LOCAL} SERVICE accept`, 'goto host', 'drop']

const grammars = [...setFilter('TAP', { from: ON_NETWORK, toHost: TO_HOST }), ...clearFilter('TAP')].map((line) =>
  new RegExp(`^${line.replace(/[^\w ]/g, '\\$&').replace(/[A-Z]{2,}/g, (word) => `(${VALUES[word]})`)}$`))

/** Whether this may be given to nft(8): of each line all is fixed but for the values, and of these how they look. */
export const isFilterLine = (line: string): boolean => FRAME.includes(line) || grammars.some((grammar) => grammar.test(line))

/** A rule with its values; none where the value is empty. */
const put = (rules: readonly string[], values: Readonly<Record<string, string>>): string[] =>
  rules.map((rule) => rule.replace(/[A-Z]{2,}/, (word) => values[word] || word)).filter((rule) => !/[A-Z]{2,}/.test(rule))

/** A guest on a private network: under its own addresses alone, and to the host but what `services` name. */
export function onNetwork(mac: string, addresses: readonly Address[], services: readonly string[]): Rules {
  const [four = [], six = []] = ([4, 6] as const).map((version) => addresses.filter((address) => address.version === version).map(({ text }) => text))
  const id = `0x${interfaceId(mac)}`
  // the target of an advertisement or a solicitation is behind 64 bits (RFC 4861, sections 4.3 and 4.4)
  const targets = six.map((text) => `@th,64,128 != 0x${parsePrefix(`${text}/128`)!.bits.toString(16).padStart(32, '0')}`)
  const values = { MAC: mac, ID: id, OTHERS: [`@th,128,64 != ${id}`, ...targets].join(' '), FOUR: four.join(', '), SIX: six.join(', ') }
  return { from: put(ON_NETWORK, values), toHost: [...services.map((service) => `${LINK_LOCAL} ${service.replace(':', ' dport ')} accept`), 'goto host'] }
}

/** A guest on an admin's bridge: which addresses it has there is that LAN's matter, and so is what the host answers. */
export const onBridge = (mac: string): Rules => ({ from: put(ON_BRIDGE, { MAC: mac }), toHost: [] })

/** What guests of other hosts send: filtered by their hosts, but for what each host tells its own guests alone. */
export const onTunnel: Rules = { from: ['jump guest'], toHost: ['drop'] }

/** For a link that is there: a chain of family netdev is made for one, and anew each time. */
export function setFilter(tap: string, { from, toHost }: Rules, ingress = addIngress(tap)): string[] {
  return [...fill(tap, from), ...fill(`${tap}.host`, toHost), ...elements('add', tap), `add chain ${INGRESS} ${tap}`, `delete chain ${INGRESS} ${tap}`, ...ingress]
}

/** What is to be deleted has to be there; that it is added first is no error if it is. */
export function clearFilter(tap: string): string[] {
  return [...setFilter(tap, { from: [], toHost: [] }, []), ...elements('delete', tap), `delete chain ${TABLE} ${tap}`, `delete chain ${TABLE} ${tap}.host`]
}

/** Names of the taps that `told`, the table as nft(8) prints it, has a filter for. */
export const readFiltered = (told: string): Set<string> => new Set(Array.from(told.matchAll(/"(aet[a-z2-7]{12})" : jump \1[,\s]/g), ([, name = '']) => name))

/** EUI-64 of RFC 4291, appendix A: the lower half of each IPv6 address that follows from a MAC address; 16 digits. */
function interfaceId(mac: string): string {
  const digits = mac.replaceAll(':', '')
  return (BigInt(`0x${digits.slice(0, 6)}fffe${digits.slice(6)}`) ^ (2n << 56n)).toString(16).padStart(16, '0')
}
