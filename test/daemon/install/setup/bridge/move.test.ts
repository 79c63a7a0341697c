import t from 'tap'
import { planMove, planReturn, type LinkFacts, type Move, type UplinkFacts } from '../../../../../daemon/install/setup/bridge/move.ts'
import { renderSnippets } from '../../../../../daemon/install/setup/bridge/snippets.ts'
import type { Route } from '../../../../../daemon/install/setup/bridge/routes.ts'
import { UserError } from '../../../../../policy/errors.ts'

const FOREVER = 2 ** 32 - 1
const lasting = { valid_life_time: FOREVER, preferred_life_time: FOREVER, scope: 'global' }
const eth0: LinkFacts = {
  ifname: 'eth0', flags: ['BROADCAST', 'UP'], address: '52:54:00:00:00:01', link_type: 'ether', mtu: 1400,
  addr_info: [
    { family: 'inet', local: '192.0.2.2', prefixlen: 24, broadcast: '192.0.2.255', label: 'eth0', ...lasting },
    { family: 'inet', local: '192.0.2.3', prefixlen: 24, label: 'eth0:1', ...lasting },
    { family: 'inet6', local: '2001:db8::2', prefixlen: 64, ...lasting, valid_life_time: 3600, preferred_life_time: 1800, dynamic: true, mngtmpaddr: true },
    { family: 'inet6', local: 'fe80::1', prefixlen: 64, ...lasting, scope: 'link' },
  ],
}
const routes: readonly Route[] = [
  { family: 'inet', dst: 'default', gateway: '192.0.2.1', dev: 'eth0', prefsrc: '192.0.2.3', flags: [] },
  { family: 'inet', dst: '192.0.2.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: '192.0.2.2', flags: [] },
  { family: 'inet', dst: '198.51.100.1', dev: 'eth0', scope: 'link', table: '100', metric: 5, flags: ['linkdown'] },
  { family: 'inet', type: 'local', dst: '192.0.2.2', dev: 'eth0', table: 'local', protocol: 'kernel', flags: [] },
  { family: 'inet6', dst: 'default', gateway: 'fe80::9', dev: 'eth0', protocol: 'ra', metric: 1024, expires: 1700, pref: 'medium', flags: [] },
  { family: 'inet6', dst: 'fe80::/64', dev: 'eth0', protocol: 'kernel', metric: 256, flags: [] },
  { family: 'inet', dst: '10.0.0.0/8', gateway: '172.16.0.1', dev: 'eth1', flags: [] },
]
const host = (more: Partial<UplinkFacts> = {}): UplinkFacts => ({
  links: [eth0], routes, isWireless: false, ipv6: { accept_ra: 1, forwarding: 0, disable_ipv6: 0 }, ...more,
})
const names = { bridge: 'br0', uplink: 'eth0' }
function plan(facts = host()): Move {
  const move = planMove(names, facts)
  if (move === 'done') throw new Error('done')
  return move
}
function refusal(facts: UplinkFacts): UserError['data'] & { message: string } {
  try {
    planMove(names, facts)
  } catch (error) {
    if (error instanceof UserError) return { ...error.data, message: error.message }
    throw error
  }
  throw new Error('nothing was refused')
}
const withLink = (more: Partial<LinkFacts>): UplinkFacts => host({ links: [{ ...eth0, ...more }] })

t.test('the very lines: the uplink joins first, so that nothing is moved if it cannot', async (t) => {
  const { prepare, lines } = plan()
  t.same(prepare, ['link add name br0 address 52:54:00:00:00:01 mtu 1400 type bridge stp_state 0 forward_delay 0'])
  t.same(lines, [
    'link set dev eth0 up master br0',
    'link set dev br0 up',
    'route delete ::/0 via fe80::9 dev eth0 proto ra metric 1024 pref medium',
    'route delete 0.0.0.0/0 via 192.0.2.1 dev eth0 src 192.0.2.3',
    'route delete 198.51.100.1 dev eth0 table 100 scope link metric 5',
    'address delete 2001:db8::2/64 dev eth0',
    'address delete 192.0.2.3/24 dev eth0',
    'address delete 192.0.2.2/24 dev eth0',
    'address replace 192.0.2.2/24 broadcast 192.0.2.255 dev br0',
    'address replace 192.0.2.3/24 label br0:1 dev br0',
    'address replace 2001:db8::2/64 valid_lft 3600 preferred_lft 1800 mngtmpaddr nodad dev br0',
    'route replace 198.51.100.1 dev br0 table 100 scope link metric 5',
    'route replace 0.0.0.0/0 via 192.0.2.1 dev br0 src 192.0.2.3',
    'route replace ::/0 via fe80::9 dev br0 proto ra metric 1024 pref medium expires 1700',
  ])
})

t.test('the way back takes the bridge away, and makes on the uplink what was there', async (t) => {
  const { revert } = plan()
  t.same(revert.slice(0, 3), ['link set dev eth0 nomaster', 'link delete dev br0 type bridge', 'link set dev eth0 up'])
  t.ok(revert.slice(3).every((line) => / dev eth0( |$)/.test(line)), 'nothing of it is on the bridge')
  t.ok(revert.includes('address replace 192.0.2.3/24 label eth0:1 dev eth0') || revert.includes('address replace 192.0.2.3/24 dev eth0'))
  t.equal(revert.length, 3 + 3 + 3)
})

t.test('a route that somebody made in the kernel\'s name is moved, the kernel\'s own are not', async (t) => {
  const [first, ...others] = eth0.addr_info
  const facts = host({ links: [{ ...eth0, addr_info: [{ ...first!, noprefixroute: true }, ...others] }] })
  t.ok(plan(facts).lines.includes('route replace 192.0.2.0/24 dev br0 proto kernel scope link src 192.0.2.2'))
  t.notOk(plan().lines.some((line) => line.includes('proto kernel')))
})

t.test('a route of the kernel\'s that expires outlives its address, and so is moved by name', async (t) => {
  const facts = host({ routes: [{ family: 'inet6', dst: '2001:db8::/64', dev: 'eth0', protocol: 'kernel', metric: 256, expires: 3000, flags: [] }] })
  const named = plan(facts).lines.filter((line) => line.startsWith('route '))
  t.same(named, ['route delete 2001:db8::/64 dev eth0 proto kernel metric 256', 'route replace 2001:db8::/64 dev br0 proto kernel metric 256 expires 3000'])
})

t.test('the bridge hears routers only where the host lives by them, and the kernel hears them', async (t) => {
  const static6: LinkFacts = { ...eth0, addr_info: eth0.addr_info.filter(({ dynamic }) => !dynamic) }
  const withoutRa = routes.filter(({ protocol }) => protocol !== 'ra')
  const heard = (facts: UplinkFacts): unknown => plan(facts).settings['accept_ra']
  t.equal(heard(host()), 1)
  t.equal(heard(host({ links: [static6], routes: withoutRa })), 0, 'it has nothing by them')
  t.equal(heard(host({ ipv6: { accept_ra: 0, forwarding: 0, disable_ipv6: 0 } })), 0, 'somebody else hears them, such as systemd-networkd')
  t.equal(heard(host({ ipv6: { accept_ra: 1, forwarding: 1, disable_ipv6: 0 } })), 0, 'a router hears none')
  t.equal(heard(host({ ipv6: { accept_ra: 2, forwarding: 1, disable_ipv6: 0 } })), 2, 'unless it is told to')
  t.same(plan(host({ ipv6: undefined })).settings, {}, 'a kernel without IPv6')
})

t.test('whether it is the only way is known, with another default route it is not', async (t) => {
  t.equal(plan().isOnlyWay, true)
  t.equal(plan(host({ routes: [...routes, { family: 'inet', dst: 'default', dev: 'eth1', gateway: '172.16.0.1' }] })).isOnlyWay, false)
  t.equal(plan(host({ routes: [] })).isOnlyWay, false)
})

t.test('where the bridge is there with the uplink on it there is nothing to do', async (t) => {
  const links = [{ ...eth0, master: 'br0' }, { ifname: 'br0', flags: [], linkinfo: { info_kind: 'bridge' }, addr_info: [] }]
  t.equal(planMove(names, host({ links })), 'done')
})

t.test('what cannot become of a bridge is refused', async (t) => {
  t.match(refusal(host({ links: [] })), { name: 'NET_NOT_FOUND', field: 'uplink' })
  const cases: readonly [facts: UplinkFacts, words: RegExp][] = [
    [host({ links: [eth0, { ifname: 'br0', flags: [], addr_info: [] }] }), /no bridge/],
    [host({ links: [eth0, { ifname: 'br0', flags: [], addr_info: [], linkinfo: { info_kind: 'bridge' } }] }), /not on it/],
    [withLink({ master: 'bond0' }), /bond0 already/],
    [host({ isWireless: true }), /wireless/],
    [withLink({ link_type: 'none' }), /cannot be on a bridge/],
    [withLink({ link_type: 'loopback', flags: ['LOOPBACK'] }), /cannot be on a bridge/],
    [withLink({ linkinfo: { info_kind: 'bridge' } }), /cannot be on a bridge/],
    [host({ routes: [{ family: 'inet', dst: 'default', nexthops: [{ dev: 'eth0' }, { dev: 'eth1' }] }] }), /several next hops/],
    [host({ routes: [{ family: 'inet', dst: '10.0.0.0/8', dev: 'eth0', encap: 'mpls' } as Route] }), /encap/],
    [host({ routes: [{ family: 'inet', dst: '10.0.0.0/8', dev: 'eth0', metrics: [{ features: 'ecn' }] }] }), /features/],
  ]
  for (const [facts, words] of cases) t.match(refusal(facts), { name: 'SETUP_CONFLICT', message: words, hint: String }, String(words))
})

t.test('what is on the bridge later goes back as well, and a bridge that is gone needs no way back', async (t) => {
  const br0: LinkFacts = { ...eth0, ifname: 'br0', linkinfo: { info_kind: 'bridge' } }
  const there = host({ links: [{ ...eth0, addr_info: [], master: 'br0' }, br0], routes: routes.map((route) => (route.dev === 'eth0' ? { ...route, dev: 'br0' } : route)) })
  t.same(planReturn(names, there).toSorted(), plan().revert.map((line) => line.replace(' label eth0:1', '')).toSorted())
  t.same(planReturn(names, host()), [])
})

t.test('what makes it permanent has each address, the gateway and the MAC address', async (t) => {
  const text = renderSnippets(plan()).join('\n')
  for (const words of [/iface br0 inet static\n +address 192\.0\.2\.2\/24\n +gateway 192\.0\.2\.1\n/, /up ip address add 192\.0\.2\.3\/24 dev br0/, /iface br0 inet6 auto/, /MACAddress=52:54:00:00:00:01/, /bridge_hw 52:54:00:00:00:01/, /Address=192\.0\.2\.2\/24\n/, /IPv6AcceptRA=yes/]) {
    t.match(text, words)
  }
  t.notMatch(text, /2001:db8::2/, 'an address that is advertised is not fixed')
})
