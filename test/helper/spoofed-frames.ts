/** What a guest could send and must not, each beside one of its kind that it may. */
import { arp, ethernet, fragment, fromMac, icmpv6, ipv4, ipv6, ipv6Bytes, padding, tcp6, udp4, udp6 } from '../inputs/ethernet.ts'
import { advertisementMessage, ALL_NODES, routerAdvertisement } from '../inputs/router-advertisement.ts'

export const SELF = { mac: '52:54:00:00:00:0a', addresses: ['10.9.0.10', 'fd00:9::10'] }
/** A guest on the same network that no address was declared for; nobody has 10.9.0.11 and fd00:9::11. */
export const OTHER = { mac: '52:54:00:00:00:0b', addresses: [] }
/** On an admin's bridge. */
export const THIRD = { mac: '52:54:00:00:00:0c' }
/** A guest of another host. */
const FAR = { mac: '52:54:00:00:00:0f' }
export const GRANTED_PORT = 7777

/** Where frames come from, and where they are looked for. */
export type Place = 'guest' | 'other guest' | 'guest on an admin bridge' | 'tunnel' | 'neighbour on an admin bridge' | 'host' | 'host, on an admin bridge'

export interface Spoof {
  readonly what: string
  /** Sent first. */
  readonly before?: { readonly from: Place; readonly frames: readonly Buffer[] }
  readonly from: Place
  readonly at: Place
  /** More than one are fragments of one. */
  readonly frames: readonly Buffer[]
  readonly control: { readonly at: Place; readonly frames: readonly Buffer[] }
}

const [IP4, IP6, ARP] = [0x0800, 0x86dd, 0x0806]
const [UDP, ICMPV6, FRAGMENT, OPTIONS, HOP_BY_HOP] = [17, 58, 44, 60, 0]
const [ECHO, ECHO_REPLY, QUERY, DONE, NS, NA, REDIRECT] = [128, 129, 130, 132, 135, 136, 137]
const BROADCAST = 'ff:ff:ff:ff:ff:ff'
const data = Buffer.from('data')
const echo = Buffer.concat([Buffer.from([0, 1, 0, 1]), Buffer.alloc(1200, 'x')])

/** For `host`, whose MAC addresses on the private network and on the admin's bridge these are. */
export function listSpoofs(host: { readonly network: string; readonly bridge: string }): Spoof[] {
  const [self, other, far, third] = [SELF, OTHER, FAR, THIRD].map(({ mac }) => fromMac(mac)) as [string, string, string, string]
  const toAll = (mac: string, payload: Buffer, ...tags: string[]): Buffer => ethernet(mac, ALL_NODES.mac, IP6, payload, ...tags)
  const packet = (from: string, next: number, payload: Buffer): Buffer => ipv6(from, ALL_NODES.address, next, payload)
  const message = (from: string, type: number, body: Buffer): Buffer => icmpv6(from, ALL_NODES.address, type, body)
  const ping = (mac: string): Buffer => toAll(mac, packet(fromMac(mac), ICMPV6, message(fromMac(mac), ECHO, echo)))
  const udpFrom = (from: string, source = 1024, destination = 1024): Buffer => packet(from, UDP, udp6(from, ALL_NODES.address, source, destination, data))
  /** A neighbour advertisement or solicitation: four octets, and the target. */
  const about = (from: string, type: number, target: string): Buffer => message(from, type, Buffer.concat([Buffer.from([0x20, 0, 0, 0]), ipv6Bytes(target)]))
  const neighbour = (from: string, type: number, target: string): Buffer => toAll(SELF.mac, packet(from, ICMPV6, about(from, type, target)))
  const router = (mac: string): Buffer => advertisementMessage(mac, 'fd00:bad::/64')
  const redirect = (mac: string): Buffer =>
    toAll(mac, packet(fromMac(mac), ICMPV6, message(fromMac(mac), REDIRECT, Buffer.concat([Buffer.alloc(4), ipv6Bytes(fromMac(mac)), ipv6Bytes('fd00:9::9')]))))
  const arpFrom = (mac: string, payload: Buffer): Buffer => ethernet(mac, BROADCAST, ARP, payload)
  const four = (mac: string, from: string, source = 68, destination = 67): Buffer => ethernet(mac, BROADCAST, IP4, ipv4(from, '255.255.255.255', UDP, udp4(source, destination, data)))
  const icmp = (mac: string, type: number): Buffer => ethernet(mac, BROADCAST, IP4, ipv4('10.9.0.10', '255.255.255.255', 1, Buffer.concat([Buffer.from([type]), Buffer.alloc(35)])))
  const igmp = (mac: string, type: number): Buffer => ethernet(mac, '01:00:5e:00:00:01', IP4, ipv4('10.9.0.10', '224.0.0.1', 2, Buffer.concat([Buffer.from([type]), Buffer.alloc(7)])))
  const tagged = (mac: string, ...tags: string[]): Buffer => toAll(mac, packet(fromMac(mac), ICMPV6, router(mac)), ...tags)
  const inHop = (next: number, payload: Buffer): Buffer => toAll(SELF.mac, packet(self, HOP_BY_HOP, Buffer.concat([padding(OPTIONS), padding(next, 64), payload])))
  /** An unfragmented payload cut at `at`. */
  const cut = (next: number, payload: Buffer, at: number): Buffer[] =>
    [Buffer.concat([fragment(next, 0, true), payload.subarray(0, at)]), Buffer.concat([fragment(next, at, false), payload.subarray(at)])].map((part) => toAll(SELF.mac, packet(self, FRAGMENT, part)))
  const atomic = (payload: Buffer): Buffer => toAll(SELF.mac, packet(self, FRAGMENT, Buffer.concat([fragment(ICMPV6, 0, false), payload])))

  const row = (what: string, from: Place, at: Place, frames: Buffer | Buffer[], control: Buffer | Buffer[], controlAt = at): Spoof =>
    ({ what, from, at, frames: [frames].flat(), control: { at: controlAt, frames: [control].flat() } })
  const among = (what: string, frames: Buffer | Buffer[], control: Buffer | Buffer[]): Spoof => row(what, 'guest', 'other guest', frames, control)

  /** To the host itself, as the guest `self`. */
  const toHost = (next: number, make: (to: string) => Buffer, to = fromMac(host.network)): Buffer => ethernet(SELF.mac, host.network, IP6, ipv6(self, to, next, make(to)))
  const syn = (port: number, to?: string, flags = 2): Buffer => toHost(6, (to) => tcp6(self, to, 1024, port, flags), to)
  const datagram = (port: number, to?: string): Buffer => toHost(UDP, (to) => udp6(self, to, 1024, port, data), to)
  const solicit = toHost(ICMPV6, (to) => icmpv6(self, to, NS, Buffer.concat([Buffer.alloc(4), ipv6Bytes(to)])))
  const onHost = (what: string, frame: Buffer, control: Buffer): Spoof => row(what, 'guest', 'host', frame, control)

  const fromOutside = (from: Place, at: Place, mac: string): Spoof[] => [
    row('router advertisement', from, at, routerAdvertisement(mac, 'fd00:bad::/64'), ping(mac)),
    row('router advertisement in a tag of priority', from, at, tagged(mac, '81000000'), ping(mac)),
    row('redirect', from, at, redirect(mac), ping(mac)),
    row('DHCPv4 answer', from, at, four(mac, '10.9.0.10', 67, 68), four(mac, '10.9.0.10')),
    row('DHCPv4 answer from a client port', from, at, four(mac, '10.9.0.10', 1067, 68), four(mac, '10.9.0.10')),
    row('DHCPv6 answer', from, at, toAll(mac, udpFrom(fromMac(mac), 547, 546)), toAll(mac, udpFrom(fromMac(mac), 546, 547))),
    row('DHCPv6 answer from a client port', from, at, toAll(mac, udpFrom(fromMac(mac), 1547, 546)), toAll(mac, udpFrom(fromMac(mac), 546, 547))),
    row('ICMP redirect', from, at, icmp(mac, 5), icmp(mac, 3)),
    row('router advertisement of ICMP', from, at, icmp(mac, 9), icmp(mac, 3)),
    row('search for listeners of MLD', from, at, toAll(mac, packet(fromMac(mac), ICMPV6, message(fromMac(mac), QUERY, Buffer.alloc(24)))), toAll(mac, packet(fromMac(mac), ICMPV6, message(fromMac(mac), DONE, Buffer.alloc(24))))),
    row('search for listeners of IGMP', from, at, igmp(mac, 0x11), igmp(mac, 0x16)),
  ]

  return [
    among('another MAC address', toAll(OTHER.mac, udpFrom(self)), toAll(SELF.mac, udpFrom(self))),
    among("another guest's IPv6 address", toAll(SELF.mac, udpFrom(other)), toAll(SELF.mac, udpFrom(self))),
    among('an IPv6 address that is not declared', toAll(SELF.mac, udpFrom('fd00:9::11')), toAll(SELF.mac, udpFrom('fd00:9::10'))),
    among('the IPv6 address of another, and of its own prefix', toAll(SELF.mac, udpFrom(fromMac(OTHER.mac, 'fd00:ae::'))), toAll(SELF.mac, udpFrom(fromMac(SELF.mac, 'fd00:ae::')))),
    among('UDP from no address', toAll(SELF.mac, udpFrom('::')), neighbour('::', NS, self)),
    among("advertisement of another's address", neighbour(self, NA, other), neighbour(self, NA, self)),
    among('advertisement of one that is not declared', neighbour('fd00:9::10', NA, 'fd00:9::11'), neighbour('fd00:9::10', NA, 'fd00:9::10')),
    among('advertisement of both behind extension headers', inHop(ICMPV6, about(self, NA, other)), inHop(ICMPV6, about(self, NA, self))),
    among("search for another's address, as if to have it", neighbour('::', NS, other), neighbour('::', NS, 'fd00:9::10')),
    among("advertisement of its own address in one fragment (RFC 6980)", atomic(about(self, NA, self)), atomic(message(self, ECHO, echo))),
    ...fromOutside('guest', 'other guest', SELF.mac),
    among('router advertisement behind extension headers', inHop(ICMPV6, router(SELF.mac)), inHop(ICMPV6, message(self, ECHO, echo))),
    among('router advertisement in fragments', cut(ICMPV6, router(SELF.mac), 24), cut(ICMPV6, message(self, ECHO, echo), 1024)),
    among('router advertisement whose first fragment ends before it', cut(OPTIONS, Buffer.concat([padding(ICMPV6, 64), router(SELF.mac)]), 64), cut(ICMPV6, message(self, ECHO, echo), 1024)),
    // its octets behind the end that it tells would be read as the header that the options lead to
    among('options in fragments, all of them in the first', cut(OPTIONS, Buffer.concat([padding(UDP, 64), udp6(self, ALL_NODES.address, 1, 1, echo)]), 128), cut(UDP, udp6(self, ALL_NODES.address, 1, 1, echo), 64)),
    among('router advertisement whose first fragment ends within the headers', cut(OPTIONS, Buffer.concat([padding(ICMPV6, 64), router(SELF.mac)]), 32), cut(UDP, udp6(self, ALL_NODES.address, 1, 1, echo), 8)),
    among('router advertisement in a fragment of a fragment', toAll(SELF.mac, packet(self, FRAGMENT, Buffer.concat([fragment(FRAGMENT, 0, false), fragment(ICMPV6, 8, false), router(SELF.mac)]))), ping(SELF.mac)),
    among('router advertisement in the tag of a VLAN', tagged(SELF.mac, '81000005'), ping(SELF.mac)),
    among('router advertisement in two tags', tagged(SELF.mac, '81000000', '81000000'), ping(SELF.mac)),
    among('router advertisement in two tags of 802.1ad', tagged(SELF.mac, '88a80000', '81000000'), ping(SELF.mac)),
    among('ARP in a tag of priority', ethernet(SELF.mac, BROADCAST, ARP, arp(1, SELF.mac, '10.9.0.10', '10.9.0.1'), '81000000'), arpFrom(SELF.mac, arp(1, SELF.mac, '10.9.0.10', '10.9.0.1'))),
    among('DHCPv4 answer, its first fragment', ethernet(SELF.mac, BROADCAST, IP4, ipv4('10.9.0.10', '255.255.255.255', UDP, udp4(67, 68, data), 0x2000)),
      [0x2000, 2].map((word) => ethernet(SELF.mac, BROADCAST, IP4, ipv4('10.9.0.10', '255.255.255.255', UDP, udp4(68, 67, data), word)))),
    among('UDP over IPv4 whose first fragment holds no port', ethernet(SELF.mac, BROADCAST, IP4, ipv4('10.9.0.10', '255.255.255.255', UDP, Buffer.alloc(0), 0x2000)), four(SELF.mac, '10.9.0.10')),
    among('an IPv4 address that is not declared', four(SELF.mac, '10.9.0.11'), four(SELF.mac, '10.9.0.10')),
    row('an IPv4 address where none is declared', 'other guest', 'guest', four(OTHER.mac, '10.9.0.11'), ping(OTHER.mac)),
    row('ARP where no address is declared', 'other guest', 'guest', arpFrom(OTHER.mac, arp(1, OTHER.mac, '0.0.0.0', '10.9.0.11')), ping(OTHER.mac)),
    among("ARP with another's MAC address", arpFrom(SELF.mac, arp(2, OTHER.mac, '10.9.0.10', '10.9.0.1')), arpFrom(SELF.mac, arp(2, SELF.mac, '10.9.0.10', '10.9.0.1'))),
    among('ARP with an IPv4 address that is not declared', arpFrom(SELF.mac, arp(2, SELF.mac, '10.9.0.11', '10.9.0.1')), arpFrom(SELF.mac, arp(1, SELF.mac, '10.9.0.10', '10.9.0.11'))),
    among('ARP probe for an address that is not declared', arpFrom(SELF.mac, arp(1, SELF.mac, '0.0.0.0', '10.9.0.11')), arpFrom(SELF.mac, arp(1, SELF.mac, '0.0.0.0', '10.9.0.10'))),
    among('reverse ARP', ethernet(SELF.mac, BROADCAST, 0x8035, arp(3, SELF.mac, '10.9.0.10', '10.9.0.10')), ping(SELF.mac)),
    // 802.1D: a BPDU in a frame of LLC, whose EtherType is its length
    among('spanning tree', ethernet(SELF.mac, '01:80:c2:00:00:00', 38, Buffer.concat([Buffer.from('424203', 'hex'), Buffer.alloc(35)])), ping(SELF.mac)),

    // those of 802.1D, table 7-10; that the other guest is there is known from what it has sent by now
    { ...row('what is for another guest, after frames in its name to addresses that are for bridges', 'tunnel', 'guest', ethernet(FAR.mac, OTHER.mac, IP6, ipv6(far, other, UDP, udp6(far, other, 1, 1, data))), ping(FAR.mac)),
      before: { from: 'guest', frames: Array.from({ length: 16 }, (_, last) => ethernet(OTHER.mac, `01:80:c2:00:00:0${last.toString(16)}`, 0x88cc, Buffer.alloc(46))) } },

    onHost("TCP to a service that is not granted", syn(GRANTED_PORT + 1), syn(GRANTED_PORT)),
    onHost('TCP to one that is, at another address of the host', syn(GRANTED_PORT, 'fd00:77::1'), syn(GRANTED_PORT)),
    onHost('TCP that opens a connection and resets it', syn(GRANTED_PORT + 1, undefined, 6), syn(GRANTED_PORT + 1, undefined, 16)),
    onHost('TCP that asks whether a port is open without opening it (FIN)', syn(GRANTED_PORT + 1, undefined, 1), syn(GRANTED_PORT + 1, undefined, 17)),
    onHost('UDP to a service that is not granted', datagram(GRANTED_PORT + 1), datagram(GRANTED_PORT)),
    onHost('UDP to one that is, at another address of the host', datagram(GRANTED_PORT, 'fd00:77::1'), solicit),
    onHost('ping of the host', toHost(ICMPV6, (to) => icmpv6(self, to, ECHO, echo)), toHost(ICMPV6, (to) => icmpv6(self, to, ECHO_REPLY, echo))),
    onHost('IPv4 to the host', ethernet(SELF.mac, host.network, IP4, ipv4('10.9.0.10', '10.77.0.1', UDP, udp4(1024, GRANTED_PORT, data))), solicit),
    onHost('ARP to the host', arpFrom(SELF.mac, arp(1, SELF.mac, '10.9.0.10', '10.77.0.1')), solicit),

    ...fromOutside('tunnel', 'other guest', FAR.mac),
    row('anything to the host', 'tunnel', 'host', toAll(FAR.mac, packet(far, ICMPV6, about(far, NS, fromMac(host.network)))), ping(FAR.mac), 'other guest'),

    row('another MAC address', 'guest on an admin bridge', 'neighbour on an admin bridge', toAll(OTHER.mac, udpFrom(third)), toAll(THIRD.mac, udpFrom(third))),
    row("ARP with another's MAC address", 'guest on an admin bridge', 'neighbour on an admin bridge', arpFrom(THIRD.mac, arp(2, OTHER.mac, '10.9.0.1', '10.9.0.2')), arpFrom(THIRD.mac, arp(2, THIRD.mac, '10.9.0.1', '10.9.0.2'))),
    ...fromOutside('guest on an admin bridge', 'neighbour on an admin bridge', THIRD.mac),
    row('router advertisement', 'guest on an admin bridge', 'host, on an admin bridge', routerAdvertisement(THIRD.mac, 'fd00:bad::/64'),
      ethernet(THIRD.mac, host.bridge, IP6, ipv6(third, fromMac(host.bridge), 6, tcp6(third, fromMac(host.bridge), 1024, 22, 2)))),
  ]
}
