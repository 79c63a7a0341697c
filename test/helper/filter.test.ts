/** Lines for nft(8): what is written for a tap, and that nothing else can be written. */
import t from 'tap'
import { clearFilter, FRAME, isFilterLine, onBridge, onNetwork, onTunnel, readFiltered, setFilter } from '../../helper/filter.ts'
import { parseAddress } from '../../policy/privileged/address.ts'
import { createRandom } from '../inputs/random.ts'
import { lacksTaps, openNamespace } from './namespace.ts'

const [TAP, MAC] = ['aetabcdefghijkl', '52:54:00:12:34:56']
const addresses = ['10.0.0.1', '223.255.255.254', 'fd00::1', '2001:db8:1:2:3:4:5:6'].map((text) => parseAddress(text)!)
const WHOLE = [...setFilter(TAP, onNetwork(MAC, addresses, ['tcp:53', 'udp:65535'])), ...setFilter(TAP, onNetwork(MAC, [], [])), ...setFilter(TAP, onBridge(MAC)), ...setFilter(TAP, onTunnel), ...clearFilter(TAP)]

t.test('a guest on a private network has the addresses that follow from its MAC address, and those that are declared', async (t) => {
  const { from, toHost } = onNetwork(MAC, addresses, ['tcp:53', 'udp:53'])
  const OTHERS = '@th,128,64 != 0x505400fffe123456 @th,64,128 != 0xfd000000000000000000000000000001 @th,64,128 != 0x20010db8000100020003000400050006'
  t.same(from, [
    `ether saddr != ${MAC} drop`, `arp saddr ether != ${MAC} drop`, 'jump guest',
    `icmpv6 type nd-neighbor-advert ${OTHERS} drop`, `ip6 saddr :: icmpv6 type nd-neighbor-solicit ${OTHERS} drop`, 'ip6 saddr :: icmpv6 type { 131, 132, 133, 135, 143 } accept',
    'ether type ip6 @nh,128,64 0x505400fffe123456 accept', 'ip6 saddr { fd00::1, 2001:db8:1:2:3:4:5:6 } accept',
    'ip saddr { 10.0.0.1, 223.255.255.254 } accept', 'arp saddr ip { 10.0.0.1, 223.255.255.254 } accept', 'arp saddr ip 0.0.0.0 arp daddr ip { 10.0.0.1, 223.255.255.254 } accept',
    'drop',
  ])
  t.same(toHost, ['ip6 saddr fe80::/64 ip6 daddr fe80::/64 tcp dport 53 accept', 'ip6 saddr fe80::/64 ip6 daddr fe80::/64 udp dport 53 accept', 'goto host'])
  const bare = onNetwork('02:00:00:00:00:01', [], [])
  t.notOk(bare.from.some((rule) => /^(ip|arp) saddr (ip )?[{0]|ip6 saddr \{/.test(rule)), 'no IPv4 where none is declared')
  t.match(bare.from[3], /!= 0x000000fffe000001 drop$/, 'a number of 16 digits, also where it is a small one')
  t.same(bare.toHost, ['goto host'])
})

t.test('every line that is written may be', async (t) => {
  for (const line of [...FRAME, ...WHOLE]) t.ok(isFilterLine(line), line)
})

t.test('no other line may be', async (t) => {
  for (const line of [
    '', 'flush ruleset', 'delete table bridge aetherscale', 'add rule bridge aetherscale guest accept', 'flush chain bridge aetherscale guest accept', 'include "/etc/shadow"',
    `add rule bridge aetherscale ${TAP} accept`, `add rule bridge other ${TAP} drop`, `add rule inet aetherscale ${TAP} drop`, `add rule bridge aetherscale aebabcdefghijkl drop`,
    `add rule bridge aetherscale ${TAP}.host accept`, `add rule bridge aetherscale ${TAP} drop; flush ruleset`, `add rule bridge aetherscale ${TAP} drop\nflush ruleset`, `add rule bridge aetherscale ${TAP} drop `,
    `add rule bridge aetherscale ${TAP} ip saddr { 10.0.0.1/8 } accept`, `add rule bridge aetherscale ${TAP} ip saddr { 10.0.0.1 } accept\n`, `add rule bridge aetherscale ${TAP} ip saddr { 10.0.0.1, } accept`,
    `add rule bridge aetherscale ${TAP} ip6 saddr { fd00::/8 } accept`, `add rule bridge aetherscale ${TAP} ip6 saddr { fd00::1-fd00::9 } accept`, `add rule bridge aetherscale ${TAP} ip6 saddr { @ports } accept`,
    `add rule bridge aetherscale ${TAP} ether saddr != ${MAC} accept`, `add rule bridge aetherscale ${TAP} ether saddr ${MAC} drop`, `add rule bridge aetherscale ${TAP}.host ip6 saddr fe80::/64 ip6 daddr fe80::/64 tcp dport 1-99 accept`,
    `add rule bridge aetherscale ${TAP}.host ip6 saddr fe80::/64 ip6 daddr fe80::/64 sctp dport 53 accept`, `delete chain bridge aetherscale prerouting`, `delete element bridge aetherscale ports { * : accept }`,
    'add rule bridge aetherscale TAP drop', `add rule bridge aetherscale ${TAP} ether saddr != MAC drop`, `add rule bridge aetherscale ${TAP} ip saddr { FOUR } accept`,
  ]) t.notOk(isFilterLine(line), JSON.stringify(line))
})

t.test('a line that was bent anywhere is refused, or differs from ours in a value of the same kind alone', async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pieces = [';', '\n', '\0', '"', '{', '}', '$', '@', '*', '\\', '#', ' ', '-', '/', ' accept', ' drop', 'A', '\u0430', '\u0661', '0', 'a', ', ']
  const words = (line: string): string => line.replace(/aet[a-z2-7]{12}/g, 'T').replace(/[0-9a-f.:]+/g, 'V').replace(/V(, V)*/g, 'V')
  const shapes = new Set([...FRAME, ...WHOLE].map(words))
  let taken = 0
  for (let times = 0; times < 40_000; times += 1) {
    const line = WHOLE[below(WHOLE.length)]!
    const at = below(line.length + 1)
    const bent = line.slice(0, at) + pieces[below(pieces.length)]! + line.slice(at + below(3))
    if (!isFilterLine(bent)) continue
    taken += 1
    if (!/^[ -~]+$/.test(bent) || !shapes.has(words(bent))) t.fail(JSON.stringify(bent))
  }
  t.ok(taken > 20, `${taken} were taken`)
})

t.test('nft takes what is written, any number of times, in any order, and what is deleted leaves nothing', { skip: lacksTaps() }, async (t) => {
  const namespace = await openNamespace(t)
  const nft = (lines: readonly string[]): string => namespace.ask('nft', [...FRAME, ...lines].join('\n'))
  const list = (): string => ['bridge', 'netdev'].map((family) => namespace.ask('nft', 'list', 'table', family, 'aetherscale')).join('')
  const other = 'aetbbbbbbbbbbbb'
  for (const tap of [TAP, other]) namespace.ask('ip', 'tuntap', 'add', tap, 'mode', 'tap')
  nft([])
  const empty = list()
  for (const rules of [onNetwork(MAC, addresses, ['tcp:53']), onNetwork(MAC, [...addresses, ...addresses], ['tcp:53', 'tcp:53']), onTunnel, onBridge(MAC), onNetwork(MAC, [], [])]) {
    nft(setFilter(TAP, rules))
    const once = list()
    t.same([...readFiltered(once)], [TAP])
    nft(setFilter(TAP, rules))
    t.equal(list(), once)
  }
  nft(setFilter(other, onTunnel))
  t.same(readFiltered(namespace.ask('nft', 'list', 'map', 'bridge', 'aetherscale', 'ports')), new Set([TAP, other]))
  namespace.ask('nft', 'delete', 'element', 'bridge', 'aetherscale', 'ports', `{ ${other} }`)
  t.same([...readFiltered(list())], [TAP], 'a chain that no frame is led to is no filter')
  namespace.ask('ip', 'link', 'del', other)
  nft([TAP, TAP, other].flatMap(clearFilter))
  t.equal(list(), empty)
  t.same(readFiltered(empty), new Set())
  namespace.ask('nft', 'flush', 'chain', 'bridge', 'aetherscale', 'guest')
  namespace.ask('nft', 'add', 'rule', 'bridge', 'aetherscale', 'prerouting', 'accept')
  nft([])
  t.equal(list(), empty, 'what somebody did to the common chains is undone')
})
