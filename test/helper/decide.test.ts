/** The decision: a table of each operation and refusal, and what holds for whatever hosts, allowlists and requests. */
import t from 'tap'
import { decide, type Host, type Plan, type Principal, type Step } from '../../helper/decide.ts'
import { clearFilter, isFilterLine, onBridge, onNetwork, onTunnel, setFilter } from '../../helper/filter.ts'
import { isLine, SETTING } from '../../helper/ip.ts'
import { identify, type Link } from '../../helper/links.ts'
import { deriveBridgeMac, deriveName, deriveTapMac, GROUP, type Identity } from '../../helper/names.ts'
import { Refusal } from '../../helper/refusal.ts'
import { parseRequest, type Request } from '../../helper/request.ts'
import { containsPrefix, parsePrefix } from '../../policy/privileged/prefix.ts'
import { createRandom } from '../inputs/random.ts'

const UID = 1000
const grant = { bridges: ['br0'], prefix: 'fd00:ae::/48', services: ['udp:53'], quota: { taps: 2, bridges: 2 } }
const me: Principal = { uid: UID, names: ['1000', 'ada'], grant }
const ask = (method: string, params: object = {}): Request => parseRequest({ jsonrpc: '2.0', id: 1, method, params })
const nameOf = (kind: Identity['kind'], key: string, uid = UID): string => deriveName({ uid, kind, key }).name

function bridge(key: string, uid = UID, more: Partial<Link> = {}): Link {
  const { name, alias } = deriveName({ uid, kind: 'bridge', key })
  return { ifname: name, ifalias: alias, group: GROUP, address: deriveBridgeMac('host', name), flags: ['UP'], linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0 } }, ...more }
}
function tap(key: string, master: string, uid = UID, more: Partial<Link> = {}): Link {
  const { name, alias } = deriveName({ uid, kind: 'tap', key })
  const info_data = { type: 'tap', user: uid, persist: true, multi_queue: false }
  return { ifname: name, ifalias: alias, group: GROUP, address: deriveTapMac('host', name), master, flags: ['UP'], linkinfo: { info_kind: 'tun', info_data }, ...more }
}
const plain = (ifname: string, info_kind?: string, master?: string): Link =>
  ({ ifname, group: '0', address: '02:00:00:00:00:01', flags: ['UP'], ...(master && { master }), ...(info_kind && { linkinfo: { info_kind } }) })
const host = (links: Link[] = [], advertised: [string, string][] = [], filtered: string[] = []): Host =>
  ({ id: 'host', links: new Map(links.map((link) => [link.ifname, link])), filtered: new Set(filtered), advertised: new Map(advertised) })

const lan = nameOf('bridge', 'lan')
const TAP = { vm: 'abcdefgh', nic: 0, attach: { network: 'lan' }, mac: '52:54:00:12:34:56' }
const KEY = 'abcdefgh.0'
const isText = (step: Step): step is string => typeof step === 'string'
/** Where nft(8) is called, that it is. */
const NFT = 'nft'
const orderOf = ({ steps }: Plan): string[] => steps.map((step) => (isText(step) ? step : NFT)).filter((step) => !SETTING.test(step))
const ipLines = (plan: Plan): string[] => orderOf(plan).filter((step) => step !== NFT)
const filterOf = ({ steps }: Plan): string[] => steps.filter((step) => !isText(step)).flat()

t.test('each operation plans what is missing, and nothing where nothing is', async (t) => {
  const { name, pending, alias } = deriveName({ uid: UID, kind: 'tap', key: KEY })
  const tunnel = deriveName({ uid: UID, kind: 'tap', key: 'tunnel.lan' })
  const [mac, tunnelMac] = [deriveTapMac('host', name), deriveTapMac('host', tunnel.name)]
  const joinLan = `link set dev ${name} address ${mac} master ${lan} up`
  const make = [`tuntap add dev ${pending} mode tap user ${UID}`, `link set dev ${pending} name ${name} group ${GROUP} alias ${alias} address ${mac}`, NFT, joinLan]
  const makeTunnel = [`tuntap add dev ${tunnel.pending} mode tap user ${UID}`, `link set dev ${tunnel.pending} name ${tunnel.name} group ${GROUP} alias aetherscale:${UID}:tap:tunnel.lan address ${tunnelMac}`, NFT, `link set dev ${tunnel.name} address ${tunnelMac} master ${lan} up`]
  const sound = tap(KEY, lan)
  const withData = (data: object): Link => tap(KEY, lan, UID, { linkinfo: { info_kind: 'tun', info_data: { type: 'tap', user: UID, persist: true, multi_queue: false, ...data } } })
  const rows: [string, Request, Host, string[]][] = [
    ['a new bridge', ask('bridge.ensure', { network: 'lan' }), host(), [
      `link add dev ${deriveName({ uid: UID, kind: 'bridge', key: 'lan' }).pending} group ${GROUP} type bridge stp_state 0 mcast_snooping 0`,
      `link set dev ${deriveName({ uid: UID, kind: 'bridge', key: 'lan' }).pending} name ${lan} group ${GROUP} alias aetherscale:${UID}:bridge:lan address ${deriveBridgeMac('host', lan)} up`]],
    ['a bridge that is there', ask('bridge.ensure', { network: 'lan' }), host([bridge('lan')]), []],
    ['a bridge that is down', ask('bridge.ensure', { network: 'lan' }), host([bridge('lan', UID, { flags: [] })]), [`link set dev ${lan} address ${deriveBridgeMac('host', lan)} up type bridge stp_state 0`]],
    ['the end of a bridge', ask('bridge.delete', { network: 'lan' }), host([bridge('lan')]), [`link del dev ${lan}`]],
    ['the end of none', ask('bridge.delete', { network: 'lan' }), host(), []],
    ['a new tap', ask('tap.ensure', TAP), host([bridge('lan')]), make],
    ['a tap that is there', ask('tap.ensure', TAP), host([bridge('lan'), sound]), [NFT]],
    ['a tap whose owner goes by a name', ask('tap.ensure', TAP), host([bridge('lan'), withData({ user: 'ada' })]), [NFT]],
    ['a tap on another bridge', ask('tap.ensure', { ...TAP, attach: { bridge: 'br0' } }), host([bridge('lan'), plain('br0', 'bridge'), sound]), [`link set dev ${name} nomaster`, NFT, `link set dev ${name} address ${mac} master br0 up`]],
    ['a tap that is down', ask('tap.ensure', TAP), host([bridge('lan'), tap(KEY, lan, UID, { flags: [] })]), [NFT, joinLan]],
    ...[{ user: 0 }, { user: 'eve' }, { user: undefined }, { persist: false }, { multi_queue: true }].map((data): [string, Request, Host, string[]] =>
      [`a tap with ${JSON.stringify(data)} is made anew`, ask('tap.ensure', TAP), host([bridge('lan'), withData(data)]), [`link del dev ${name}`, ...make]]),
    ['a tap of another address', ask('tap.ensure', TAP), host([bridge('lan'), tap(KEY, lan, UID, { address: '02:00:00:00:00:02' })]), [NFT, joinLan]],
    ['the end of a tap', ask('tap.delete', { vm: 'abcdefgh', nic: 0 }), host([bridge('lan'), sound]), [`link del dev ${name}`, NFT]],
    ['the end of no tap', ask('tap.delete', { vm: 'abcdefgh', nic: 0 }), host(), [NFT]],
    ['a new tunnel', ask('tunnel.ensure', { network: 'lan' }), host([bridge('lan')]), makeTunnel],
    ['a tunnel that is there', ask('tunnel.ensure', { network: 'lan' }), host([bridge('lan'), tap('tunnel.lan', lan)]), [NFT]],
    ['the end of a tunnel', ask('tunnel.delete', { network: 'lan' }), host([bridge('lan'), tap('tunnel.lan', lan)]), [`link del dev ${tunnel.name}`, NFT]],
    ['advertisements with a tunnel', ask('ra.set', { network: 'lan', prefix: 'FD00:AE:0:1::/64' }), host([bridge('lan'), tap('tunnel.lan', lan)]), []],
    ['advertisements', ask('ra.set', { network: 'lan', prefix: 'FD00:AE:0:1::/64' }), host([bridge('lan'), sound]), []],
    ['their end', ask('ra.clear', { network: 'lan' }), host([bridge('lan')], [[lan, 'fd00:ae::/64']]), []],
  ]
  for (const [what, request, at, expected] of rows) t.same(orderOf(decide(me, at, request)), expected, what)
  t.same(decide(me, host([bridge('lan')]), ask('ra.set', { network: 'lan', prefix: 'FD00:AE:0:1::/64' })).advertise, new Map([[lan, 'fd00:ae:0:1::/64']]))
  t.same(decide(me, host([bridge('lan')], [[lan, 'fd00:ae::/64'], ['aebgone', 'fd00::/64']]), ask('bridge.delete', { network: 'lan' })).advertise, new Map(), 'bridges that are gone go too')
  t.match(decide(me, host([bridge('lan'), tap(KEY, lan), bridge('x', 10_001)]), ask('policy.get')).result, { uid: UID, ...grant, used: { taps: 1, bridges: 1 } })
  t.same(decide(me, host([bridge('lan'), bridge('x', 10_001)], [[lan, 'fd00:ae::/64']]), ask('link.list')).result,
    { links: [{ name: lan, kind: 'bridge', key: 'lan', up: true, bridge: undefined, prefix: 'fd00:ae::/64' }] })
})

t.test('the filter of a tap is that of where it is attached to', async (t) => {
  const [MAC, name] = [TAP.mac, nameOf('tap', KEY)]
  const at = host([bridge('lan'), plain('br0', 'bridge'), tap('zyxwvuts.0', lan)], [], [nameOf('tap', 'zyxwvuts.0')])
  const filter = (operation: string, params: object): string[] => filterOf(decide(me, at, ask(operation, params)))
  const four = { version: 4, text: '10.0.0.1' } as const
  t.same(filter('tap.ensure', TAP), setFilter(name, onNetwork(MAC, [], ['udp:53'])))
  t.same(filter('tap.ensure', { ...TAP, attach: { network: 'lan', addresses: ['10.0.0.1'] } }), setFilter(name, onNetwork(MAC, [four], ['udp:53'])))
  t.same(filter('tap.ensure', { ...TAP, attach: { bridge: 'br0' } }), setFilter(name, onBridge(MAC)))
  t.same(filter('tunnel.ensure', { network: 'lan' }), setFilter(nameOf('tap', 'tunnel.lan'), onTunnel))
  t.same(filter('tap.delete', { vm: 'abcdefgh', nic: 0 }), clearFilter(name))
  t.same(filter('tunnel.delete', { network: 'lan' }), clearFilter(nameOf('tap', 'tunnel.lan')))
  const { links } = decide(me, at, ask('link.list')).result as { links: { key: string; filtered?: boolean }[] }
  t.same(links.map(({ key, filtered }) => [key, filtered]), [['lan', undefined], ['zyxwvuts.0', true]])
})

t.test('each refusal says why, and which line of the allowlist would do', async (t) => {
  const bare: Principal = { ...me, grant: { bridges: [], services: [], quota: { taps: 0, bridges: 0 } } }
  const RA = { network: 'lan', prefix: 'fd00:ae:0:1::/64' }
  const rows: [string, Principal, Host, Request, string, RegExp][] = [
    ['an admin bridge', me, host([plain('br1', 'bridge')]), ask('tap.ensure', { ...TAP, attach: { bridge: 'br1' } }), 'NET_DENIED', /entry of uid 1000 in "principals": add "br1" to "bridges"/],
    ['one that is not there', me, host(), ask('tap.ensure', { ...TAP, attach: { bridge: 'br0' } }), 'NET_NOT_FOUND', /admin/],
    ['one that is none', me, host([plain('br0', 'veth')]), ask('tap.ensure', { ...TAP, attach: { bridge: 'br0' } }), 'NET_NOT_FOUND', /admin/],
    ['a network without a bridge', me, host(), ask('tap.ensure', TAP), 'NET_NOT_FOUND', /bridge\.ensure/],
    ['bridges', bare, host(), ask('bridge.ensure', { network: 'lan' }), 'NET_QUOTA', /entry of uid 1000 in "principals": raise "quota\.bridges"/],
    ['a tunnel without a bridge', me, host(), ask('tunnel.ensure', { network: 'lan' }), 'NET_NOT_FOUND', /bridge\.ensure/],
    ['a tunnel is a tap', bare, host([bridge('lan')]), ask('tunnel.ensure', { network: 'lan' }), 'NET_QUOTA', /raise "quota\.taps"/],
    ['a bridge with a tunnel', me, host([bridge('lan'), tap('tunnel.lan', lan)]), ask('bridge.delete', { network: 'lan' }), 'NET_IN_USE', /Delete them first/],
    ['taps', bare, host([bridge('lan')]), ask('tap.ensure', TAP), 'NET_QUOTA', /raise "quota\.taps"/],
    ['a bridge with taps', me, host([bridge('lan'), tap(KEY, lan)]), ask('bridge.delete', { network: 'lan' }), 'NET_IN_USE', /Delete them first/],
    ['no prefix', bare, host([bridge('lan')]), ask('ra.set', RA), 'NET_DENIED', /"prefix" has to hold it, and is not there/],
    ['another prefix', me, host([bridge('lan')]), ask('ra.set', { ...RA, prefix: 'fd00:af::/64' }), 'NET_DENIED', /"prefix" has to hold it, and is fd00:ae::\/48/],
    ['a port of another', me, host([bridge('lan'), tap(KEY, lan, 10_001)]), ask('ra.set', RA), 'NET_DENIED', /LAN/],
    ['a port of the host', me, host([bridge('lan'), plain('eth0', 'veth', lan)]), ask('ra.set', RA), 'NET_DENIED', /LAN/],
    ['a bridge as a port', me, host([bridge('lan'), bridge('up', UID, { master: lan })]), ask('ra.set', RA), 'NET_DENIED', /LAN/],
    ...(['group', 'ifalias', 'linkinfo'] as const).map((fact): [string, Principal, Host, Request, string, RegExp] =>
      [`a link without our ${fact}`, me, host([bridge('lan', UID, { [fact]: undefined })]), ask('bridge.ensure', { network: 'lan' }), 'NET_DENIED', /Whoever made it has to remove it/]),
    ['the alias of another', me, host([bridge('lan', UID, { ifalias: 'aetherscale:10001:bridge:lan' })]), ask('bridge.delete', { network: 'lan' }), 'NET_DENIED', /remove it/],
    ['an alias with zeros before', me, host([bridge('lan', UID, { ifalias: 'aetherscale:01000:bridge:lan' })]), ask('bridge.delete', { network: 'lan' }), 'NET_DENIED', /remove it/],
  ]
  for (const [what, principal, at, request, code, hint] of rows) t.throws(() => decide(principal, at, request), { code, hint }, what)
})

/** What the kernel makes of a plan: just so much of ip-link(8) as a plan may say. Throws where the kernel would refuse. */
function apply(links: ReadonlyMap<string, Link>, { steps }: Plan): Map<string, Link> {
  const now = new Map(links)
  for (const step of steps) {
    if (!isText(step) || SETTING.test(step)) continue
    const word = (key: string): string | undefined => new RegExp(`(?: |^)${key} (\\S+)`).exec(step)?.[1]
    const dev = word('dev')!
    if (step.startsWith('link add') || step.startsWith('tuntap add')) {
      if (now.has(dev)) throw new Error(`${dev} exists`)
      now.set(dev, step.startsWith('link') ? { ifname: dev, group: word('group')!, flags: [], linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0 } } }
        : { ifname: dev, group: '0', flags: [], linkinfo: { info_kind: 'tun', info_data: { type: 'tap', user: Number(word('user')), persist: true, multi_queue: false } } })
      continue
    }
    const { master, ...link } = now.get(dev)!
    now.delete(dev)
    if (step.startsWith('link del')) {
      for (const [name, { master: of, ...port }] of now) if (of === dev) now.set(name, port)
      continue
    }
    const [name, alias, group, address, to] = [word('name') ?? dev, word('alias') ?? link.ifalias, word('group') ?? link.group, word('address') ?? link.address, step.endsWith(' nomaster') ? undefined : (word('master') ?? master)]
    if (now.has(name) || (to !== undefined && now.get(to)?.linkinfo?.info_kind !== 'bridge')) throw new Error(`${step}: refused`)
    const data = step.includes('stp_state 0') ? { linkinfo: { ...link.linkinfo, info_data: { ...link.linkinfo?.info_data, stp_state: 0 } } } : {}
    now.set(name, { ...link, ...data, ifname: name, flags: step.includes(' up') ? ['UP'] : link.flags, ...(alias && { ifalias: alias }), ...(group && { group }), ...(address && { address }), ...(to && { master: to }) })
  }
  return now
}

t.test('whatever the host, the allowlist and the request, a plan touches only what is the caller\'s', async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const chance = (share: number): boolean => random() < share
  const [UIDS, NETWORKS, KEYS] = [[0, 100, 1000, 10_001], ['lan', 'dmz', 'x'], ['abcdefgh.0', 'abcdefgh.1', 'zyxwvuts.0', 'tunnel.lan', 'tunnel.dmz', 'tunnel.x']]
  const PREFIXES = ['fd00:ae::/64', 'fd00:ae:0:ffff::/64', 'fd00:ae:1::/64', 'fd00:ad:ffff:ffff::/64', '2001:db8::/64']

  /** A link as it should be, or short of a fact, or one that somebody bent. */
  const bendLink = (link: Link): Link => (chance(0.6) ? link : { ...link, ...pick<Partial<Link>>([
    { group: '0' }, { ifalias: undefined as never }, { ifalias: link.ifalias!.replace(/:\d+:/, `:${pick(UIDS)}:`) }, { ifalias: `${link.ifalias}0` }, { ifalias: link.ifalias!.replace(':', ':0') },
    { linkinfo: { info_kind: 'veth' } }, { linkinfo: { info_kind: 'tun', info_data: { type: 'tun' } } }, { flags: [] }, { address: '02:00:00:00:00:09' },
    { linkinfo: { ...link.linkinfo, info_data: { ...link.linkinfo?.info_data, user: 'eve', stp_state: 1 } } },
  ]) })
  const makeHost = (): Host => {
    const links: Link[] = [plain('lo'), plain('eth0', 'veth', chance(0.2) ? nameOf('bridge', 'lan', pick(UIDS)) : undefined), plain('br0', chance(0.8) ? 'bridge' : 'veth'), plain('br1', 'bridge')]
    for (const uid of UIDS) {
      for (const key of NETWORKS) if (chance(0.4)) links.push(bendLink(bridge(key, uid)))
      for (const key of KEYS) if (chance(0.3)) links.push(bendLink(tap(key, chance(0.1) ? 'br0' : nameOf('bridge', pick(NETWORKS), chance(0.9) ? uid : pick(UIDS)), uid)))
    }
    const bridges = links.filter((link) => identify(link)?.kind === 'bridge' && chance(0.4))
    const filtered = UIDS.flatMap((uid) => KEYS.map((key) => nameOf('tap', key, uid))).filter(() => chance(0.3))
    return host(links, bridges.map(({ ifname }) => [ifname, pick(PREFIXES)]), filtered)
  }
  const makePrincipal = (uid: number): Principal => ({ uid, names: [String(uid), `u${uid}`], grant: {
    bridges: ['br0', 'br1', 'gone'].filter(() => chance(0.5)), services: ['tcp:53', 'udp:65535'].filter(() => chance(0.5)), ...(chance(0.8) && { prefix: pick(['fd00:ae::/48', 'fd00:ae::/64', 'fd00::/16', '2000::/3']) }),
    quota: { taps: Math.floor(random() * 4), bridges: Math.floor(random() * 4) },
  } })
  const makeRequest = (): Request => {
    const [vm = '', nic] = pick(KEYS.filter((key) => !key.startsWith('tunnel'))).split('.')
    const [network, where] = [pick(NETWORKS), { vm, nic: Number(nic) }]
    const addresses = ['10.0.0.1', '192.168.255.254', 'fd00::1', '2001:db8:1:2:3:4:5:6'].filter(() => chance(0.4))
    const attach = chance(0.6) ? { network, addresses } : { bridge: pick(['br0', 'br1', 'eth0', 'gone']) }
    return ask(...pick<[string, object?]>([['policy.get'], ['link.list'], ['bridge.ensure', { network }], ['bridge.ensure', { network }], ['bridge.delete', { network }],
      ['tap.ensure', { ...where, attach, mac: pick(['52:54:00:12:34:56', '02:00:00:00:00:03']) }], ['tap.ensure', { ...where, attach, mac: '52:54:00:12:34:56' }],
      ['tap.delete', where], ['tunnel.ensure', { network }], ['tunnel.delete', { network }], ['ra.set', { network, prefix: pick(PREFIXES) }], ['ra.clear', { network }]]))
  }
  const owned = (links: ReadonlyMap<string, Link>, uid: number, kind: Identity['kind']): number =>
    [...links.values()].map(identify).filter((each) => each?.uid === uid && each.kind === kind).length
  /** What links of others are, but for whose port they are: that bridge may be deleted by whose it is. */
  const others = (links: ReadonlyMap<string, Link>, uid: number): string =>
    JSON.stringify([...links.values()].filter((link) => identify(link)?.uid !== uid).toSorted((a, b) => (a.ifname < b.ifname ? -1 : 1)))

  const tally: Record<string, number> = {}
  for (let round = 0; round < 800; round += 1) {
    let at = makeHost()
    const principals = UIDS.map(makePrincipal)
    for (let times = 0; times < 15; times += 1) {
      const principal = pick(principals)
      const [{ uid, grant }, request] = [principal, makeRequest()]
      const say = (what: string): string => `${what}: ${JSON.stringify({ principal, request, links: [...at.links.values()], advertised: [...at.advertised] })}`
      let plan: Plan
      try {
        plan = decide(principal, at, request)
      } catch (error) {
        if (!(error instanceof Refusal) || !/^NET_(DENIED|QUOTA|NOT_FOUND|IN_USE)$/.test(error.code)) throw error
        tally[error.code] = (tally[error.code] ?? 0) + 1
        continue
      }
      tally[request.operation] = (tally[request.operation] ?? 0) + 1
      for (const step of plan.steps) {
        if (!isText(step)) {
          const unfit = step.filter((line) => !isFilterLine(line))
          if (unfit.length > 0) t.fail(say(`"${unfit.join()}" fits no grammar`))
          const named = new Set(step.flatMap((line) => line.match(/\baet[a-z2-7]{12}\b/g) ?? []))
          if ([...named].some((name) => !KEYS.some((key) => nameOf('tap', key, uid) === name))) t.fail(say('a filter of another was touched'))
          continue
        }
        if (!isLine(step) && !SETTING.test(step)) t.fail(say(`"${step}" fits no grammar`))
        const named = [...step.matchAll(/(?:dev|name) (\S+)/g), ...step.matchAll(/conf\/([^/]+)\//g)].map(([, name = '']) => at.links.get(name))
        if (named.some((link) => link && identify(link)?.uid !== uid)) t.fail(say(`"${step}" is about a link of another`))
        const master = / master (\S+)/.exec(step)?.[1]
        if (master && !grant.bridges.includes(master) && identify(at.links.get(master)!)?.uid !== uid) t.fail(say(`"${step}" attaches to what is not granted`))
      }
      if (plan.makes.some((name) => at.links.has(name) && identify(at.links.get(name)!)?.uid !== uid)) t.fail(say('what would be removed is of another'))
      const links = apply(at.links, plan)
      const order = orderOf(plan)
      if (order.some((step) => / master /.test(step)) && request.operation !== 'bridge.ensure' && !order.slice(0, order.findIndex((step) => / master /.test(step))).includes(NFT)) t.fail(say('a tap is a port before it is filtered'))
      if (/^t.*ensure$/.test(request.operation) && !order.includes(NFT)) t.fail(say('no filter is set'))
      if (others(links, uid) !== others(at.links, uid)) t.fail(say('links of others changed'))
      for (const [kind, limit] of [['tap', grant.quota.taps], ['bridge', grant.quota.bridges]] as const) {
        // who has more than is granted by now keeps it, and gets no more
        if (owned(links, uid, kind) > Math.max(limit, owned(at.links, uid, kind))) t.fail(say(`more than ${limit} ${kind}s`))
      }
      if (plan.advertise) {
        const changed = [...new Set([...at.advertised.keys(), ...plan.advertise.keys()])].filter((name) => at.advertised.get(name) !== plan.advertise!.get(name) && at.links.has(name))
        if (changed.some((name) => identify(at.links.get(name)!)?.uid !== uid)) t.fail(say('what is advertised for others changed'))
      }
      if (request.operation === 'ra.set') {
        const [name, granted] = [nameOf('bridge', request.params.network, uid), parsePrefix(grant.prefix ?? '')]
        const ports = [...at.links.values()].filter(({ master }) => master === name)
        if (!granted || !containsPrefix(granted, parsePrefix(request.params.prefix)!)) t.fail(say('a prefix outside of the grant'))
        if (identify(at.links.get(name)!)?.uid !== uid || ports.some((port) => identify(port)?.uid !== uid || identify(port)?.kind !== 'tap')) t.fail(say('a foreign port'))
      }
      at = { ...at, links, advertised: plan.advertise ?? at.advertised }
      const again = decide(principal, at, request)
      if (ipLines(again).length > 0 || again.advertise || ('changed' in again.result && again.result.changed)) t.fail(say('not done at once'))
    }
  }
  t.comment(JSON.stringify(tally))
  for (const what of ['NET_DENIED', 'NET_QUOTA', 'NET_NOT_FOUND', 'NET_IN_USE', 'bridge.ensure', 'bridge.delete', 'tap.ensure', 'tap.delete', 'tunnel.ensure', 'tunnel.delete', 'ra.set', 'ra.clear']) t.ok((tally[what] ?? 0) > 20, what)
})
