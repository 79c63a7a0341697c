/**
 * What a hostile guest sends under names that are not its own, and what of it a guest on another host hears. Each kind
 * has its like that does arrive.
 */
import type { Test } from 'tap'
import { routerAdvertisement } from '../../inputs/router-advertisement.ts'
import { ping } from './ping.ts'
import { networkOf, PREFIX, VPN, type Scene, type Site } from './scene.ts'

/** Of nftables, where the helper's filter is. */
const TABLE = 'bridge aetherscale'
const OTHER_MAC = '52:54:00:66:66:66'
const PRETENDER = { vm: 'pretendx', nic: 0 }
const FOREIGN = 'fd00:bad:0:1'

/** Pings that a guest has heard, whether it answered them or not (RFC 4293, icmpStatsInMsgs). */
function heard({ inGuest }: Site): number {
  return Number(inGuest("awk '$1 == \"Icmp6InEchos\" { print $2 }' /proc/net/snmp6"))
}

/** Frames that the guest's interface has sent. */
function sent({ inGuest }: Site): number {
  return Number(inGuest('cat /sys/class/net/eth0/statistics/tx_packets'))
}

/** Gives a guest one more address, without asking whether another has it, does something, and takes the address away. */
function withAddress({ inGuest }: Site, address: string, act: () => void): void {
  inGuest(`echo 0 >/proc/sys/net/ipv6/conf/eth0/dad_transmits; ip address add ${address} dev eth0; while ip address show dev eth0 | grep -q tentative; do usleep 50000; done`)
  act()
  inGuest(`ip address del ${address} dev eth0; echo 1 >/proc/sys/net/ipv6/conf/eth0/dad_transmits`)
}

export function nothingUnderOthersNames(t: Test, { a, b, c }: Scene): void {
  const [own, target, others] = [a.address(), b.address(), c.address()]
  const { mac } = networkOf(a.vm())
  const pings = (kind: string, source: string, arrives: boolean, to = target): void => {
    const before = [sent(a), heard(b)] as const
    a.inGuest(`ping -6 -q -c 3 -i 0.2 -W 1 -I ${source} ${to} || true`)
    const [frames, arrived] = [sent(a) - before[0], heard(b) - before[1]]
    t.comment(`guest-a sends guest-b three pings ${kind}: ${frames} frames sent, ${arrived} pings arrived`)
    t.ok(frames >= 3, 'they are sent')
    t.equal(arrived, arrives ? 3 : 0, kind)
  }
  pings('from its own address', own, true)
  const madeUp = PREFIX.replace(/\/64$/, 'bad')
  withAddress(a, `${madeUp}/64`, () => pings('from an address of the prefix that it made up', madeUp, false))
  withAddress(a, `${others}/64`, () => pings("from the address of c's guest", others, false))
  withAddress(a, `${FOREIGN}::1/64`, () => pings('from another prefix', `${FOREIGN}::1`, false))
  // to all nodes of the link, so that none has to be asked for its MAC address first
  pings('and all others, from its own address', 'eth0', true, 'ff02::1')
  a.inGuest(`ip link set eth0 address ${OTHER_MAC}`)
  pings('and all others, from another MAC address', 'eth0', false, 'ff02::1')
  a.inGuest(`ip link set eth0 address ${mac}`)
  pings('from its own address again', own, true)
}

export function nobodyAnswersForOthers(t: Test, { a, b, c }: Scene): void {
  const address = c.address()
  const { mac } = networkOf(c.vm())
  withAddress(a, `${address}/64`, () => {
    for (let times = 0; times < 3; times++) {
      b.inGuest('ip neigh flush dev eth0')
      t.equal(ping(b, address).received, 2)
      t.match(b.inGuest(`ip neigh show ${address}`), mac, "it is c's guest that b's knows there")
    }
  })
}

export function ipv4OnlyWhereDeclared(t: Test, { a, b }: Scene): void {
  for (const [index, { inGuest }] of [a, b].entries()) inGuest(`ip address add 10.66.0.${index + 1}/24 dev eth0`)
  a.inGuest('ping -q -c 2 -i 0.2 -W 1 10.66.0.2 || true')
  t.notMatch(a.inGuest('ip neigh show 10.66.0.2'), /lladdr/, 'it hears not even who has the address')
  t.notMatch(b.inGuest('ip neigh'), /10\.66\.0\.1 .*lladdr/)
  for (const [index, { inGuest }] of [a, b].entries()) inGuest(`ip address del 10.66.0.${index + 1}/24 dev eth0`)
}

/** A tap of alice's, as of one more guest. Answers what sends a router's advertisement from it; the filter stays as it is. */
function openTap({ alice, host }: Site): () => void {
  const made = alice.helper('tap.ensure', { ...PRETENDER, attach: { network: VPN }, mac: OTHER_MAC })
  const name = typeof made === 'string' ? undefined : made.result?.['name']
  if (typeof name !== 'string') throw new Error(`no tap: ${JSON.stringify(made)}`)
  const frame = routerAdvertisement(OTHER_MAC, `${FOREIGN}::/64`).toString('base64')
  // the bridge forwards from a port once it has seen its carrier come up; socat(1) wants to do that itself, as root
  return () => host.sh(`for _ in 1 2 3 4 5; do sleep 0.2; echo ${frame} | base64 -d; done | socat -u STDIN TUN,tun-name=${name},tun-type=tap,iff-no-pi`)
}

export function noRouterButTheHost(t: Test, { sites, a, b, c }: Scene): void {
  const hostsSee = (): string[] => sites.map(({ host }) => host.sh('ip -6 -brief address; ip -6 route'))
  const believes = ({ inGuest }: Site): boolean => inGuest('ip -6 address show dev eth0; ip -6 route').includes(FOREIGN)
  /** Once more where a daemon has seen that the filter is gone, and has had it made again meanwhile. */
  const advertiseUnfiltered = (...unfiltered: readonly Site[]): void => {
    do {
      for (const { host } of unfiltered) host.sh(`nft delete table ${TABLE} 2>/dev/null || true`)
      advertise()
    } while (unfiltered.some(({ host }) => host.sh('nft list tables').includes(TABLE)))
  }
  /** As the next start of the VM would have it. */
  const refilter = ({ alice, vm }: Site): void => {
    const { id, networks: [network] } = vm()
    alice.helper('tunnel.ensure', { network: VPN })
    alice.helper('tap.ensure', { vm: id, nic: 0, attach: { network: VPN }, mac: network?.mac })
  }
  const before = hostsSee()

  const advertise = openTap(a)
  const told = (who: string): void => {
    t.comment(`${who}: believed by guests of ${sites.filter(believes).map(({ name }) => name).join(', ') || 'no host'}`)
  }
  advertise()
  told('a router advertised from a tap of a')
  for (const site of sites) t.notOk(believes(site), `guest-${site.name} does not believe it`)

  advertiseUnfiltered(a)
  told("the same, with a's filter taken away by hand")
  t.ok(believes(a), 'without the filter of its host a guest would')
  for (const site of [b, c]) t.notOk(believes(site), `${site.name} lets none in from other hosts`)

  advertiseUnfiltered(a, c)
  told("the same, with c's taken away as well")
  t.ok(believes(c), 'it is the filter that keeps it out')
  t.notOk(believes(b))
  for (const site of [a, c]) {
    refilter(site)
    site.inGuest(`ip -6 address show dev eth0 | awk '$2 ~ /^${FOREIGN}/ { print $2 }' | while read -r address; do ip address del "$address" dev eth0; done; ip -6 route flush root ${FOREIGN}::/64; ip -6 route del default || true`)
    t.notOk(believes(site))
  }
  a.alice.helper('tap.delete', PRETENDER)
  t.same(hostsSee(), before, 'no host has a route or an address of it')
}
