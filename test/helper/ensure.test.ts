/** What the helper makes, and keeps making of whatever it finds: against the real kernel, in a namespace of the test's own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../fakes/folder.ts'
import { startHelper } from './helper-process.ts'
import { brokenSettings, filteredIn, flawsOf, holdTap, lacksPrincipals, linksIn, nameOf, namesIn, OTHER, remakeTap, UID, untilItListens } from './links.ts'
import { lacksTaps, openNamespace } from './namespace.ts'
import { GRANT, lan, MAC, onLan, PREFIX, startHost, type Host } from './open-host.ts'

const skip = lacksTaps()
const [LAN, TAP] = [nameOf('bridge', 'lan'), nameOf('tap', 'abcdefgh.0')]
const tap = { uid: UID, kind: 'tap', key: 'abcdefgh.0' } as const

const indexOf = ({ namespace }: Host, name: string): number | undefined => linksIn(namespace).get(name)?.ifindex

t.test('a bridge and a tap are made with all that is promised of them, and ensuring them again changes nothing', { skip }, async (t) => {
  const host = await startHost(t)
  const { namespace } = host
  t.notMatch(readFileSync('/etc/passwd', 'utf8'), new RegExp(`:${OTHER}:`), 'a principal needs no account')
  t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: true })
  t.same(flawsOf(namespace, lan), [])
  t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: true })
  t.same(flawsOf(namespace, tap, { master: LAN }), [])
  t.same(flawsOf(namespace, lan), [], 'its address is not that of a port')
  t.equal(host.ip(`address show dev ${LAN}`).includes('inet'), false, 'the host has no address on it')

  const before = namesIn(namespace).map((name) => indexOf(host, name))
  for (let times = 0; times < 2; times++) {
    t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: false })
    t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: false })
  }
  const carrier = (): string => namespace.ask('cat', `/sys/class/net/${TAP}/carrier`).trim()
  t.equal(carrier(), '0', 'nobody holds it')
  await holdTap(t, namespace, TAP)
  t.equal(carrier(), '1')
  t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: false }, 'also while its owner holds it open')
  t.same(namesIn(namespace).map((name) => indexOf(host, name)), before, 'they are the same links')
  t.same([...flawsOf(namespace, lan), ...flawsOf(namespace, tap, { master: LAN })], [])
})

t.test('the tap of a principal that has an account stays the same link, too', { skip }, async (t) => {
  const host = await startHost(t, { 0: GRANT })
  await host.helper.ask(0, 'bridge.ensure', { network: 'lan' })
  t.match(await host.helper.ask(0, 'tap.ensure', onLan), { result: { changed: true } })
  t.match(await host.helper.ask(0, 'tap.ensure', onLan), { result: { changed: false } })
  t.same(flawsOf(host.namespace, { ...tap, uid: 0 }, { master: nameOf('bridge', 'lan', 0) }), [])
})

t.test('whatever was done to a bridge, ensuring it again mends it', { skip }, async (t) => {
  const host = await startHost(t)
  const { namespace } = host
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('tap.ensure', onLan)
  const before = indexOf(host, LAN)
  const link = { down: `link set ${LAN} down`, 'another MAC': `link set ${LAN} address 02:00:00:00:00:01`, 'with STP': `link set ${LAN} type bridge stp_state 1` }
  for (const [what, line] of Object.entries(link)) {
    host.ip(line)
    t.not(flawsOf(namespace, lan).length, 0, what)
    t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: true }, what)
    t.same(flawsOf(namespace, lan), [], what)
  }
  for (const setting of ['ipv4/forwarding=1', 'ipv4/arp_ignore=0', 'ipv4/rp_filter=0', 'ipv6/accept_ra=2', 'ipv6/forwarding=1', 'ipv6/addr_gen_mode=1', 'ipv6/disable_ipv6=0']) {
    const [, family, name, value] = /(\w+)\/(\w+)=(\d)/.exec(setting)!
    namespace.ask('sh', '-c', `echo ${value} >/proc/sys/net/${family}/conf/${LAN}/${name}`)
    t.same(brokenSettings(namespace, LAN, 'bridge'), [setting])
    await host.do('bridge.ensure', { network: 'lan' })
    t.same(flawsOf(namespace, lan), [], setting)
  }
  t.equal(indexOf(host, LAN), before, 'and it is the same link')
  t.equal(linksIn(namespace).get(TAP)?.master, LAN, 'its ports stay')
  host.ip(`link del ${LAN}`)
  t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: true })
  t.same(flawsOf(namespace, lan), [], 'deleted')
})

t.test('a tap that is down, attached elsewhere or of another address is put right under the process that holds it', { skip }, async (t) => {
  const host = await startHost(t)
  host.ip('link add br9 type bridge')
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('tap.ensure', onLan)
  const before = indexOf(host, TAP)
  const held = await holdTap(t, host.namespace, TAP)
  const change = (line: string): (() => unknown) => () => host.ip(`link set ${TAP} ${line}`)
  const ways = { nomaster: change('nomaster'), 'another master': change('master br9'), down: change('down'), 'another address': change('address 52:54:00:00:00:02') }
  for (const [line, spoil] of Object.entries({ ...ways, 'another address, by who holds it': () => held.tell('mac 52:54:00:00:00:01') })) {
    await spoil()
    t.not(flawsOf(host.namespace, tap, { master: LAN }).length, 0)
    t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: true }, line)
    t.same(flawsOf(host.namespace, tap, { master: LAN }), [], line)
  }
  host.namespace.ask('sh', '-c', `echo 0 >/proc/sys/net/ipv6/conf/${TAP}/disable_ipv6`)
  await host.do('tap.ensure', onLan)
  t.same(flawsOf(host.namespace, tap, { master: LAN }), [], 'with IPv6')
  t.equal(indexOf(host, TAP), before)
  await host.do('bridge.ensure', { network: 'dmz' })
  t.same(await host.do('tap.ensure', { ...onLan, attach: { network: 'dmz' } }), { name: TAP, changed: true })
  t.same(flawsOf(host.namespace, tap, { master: nameOf('bridge', 'dmz') }), [], 'moved, as is asked')
  t.equal(indexOf(host, TAP), before)
})

t.test('a tap of which its owner or root changed what the kernel keeps of it is made anew', { skip }, async (t) => {
  const host = await startHost(t)
  const { namespace } = host
  await host.do('bridge.ensure', { network: 'lan' })
  const check = async (what: string, tamper: () => unknown): Promise<void> => {
    await host.do('tap.ensure', onLan)
    const before = indexOf(host, TAP)
    await tamper()
    t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: true }, what)
    t.same(flawsOf(namespace, tap, { master: LAN }), [], what)
    t.not(indexOf(host, TAP), before, what)
    t.same(namesIn(namespace), [LAN, TAP].sort(), what)
  }
  for (const line of [`owner ${OTHER}`, 'group 12345', 'persist 0'].filter((line) => !lacksPrincipals || !/owner|group/.test(line))) {
    await check(`by its owner: ${line}`, async () => await (await holdTap(t, namespace, TAP)).tell(line))
  }
  await check('deleted by its owner', async () => {
    const held = await holdTap(t, namespace, TAP)
    await held.tell('persist 0')
    await held.release()
    t.equal(indexOf(host, TAP), undefined)
  })
  await check('of nobody, by root', () => remakeTap(namespace, TAP))
  if (!lacksPrincipals) await check('of somebody else, by root', () => remakeTap(namespace, TAP, ` user ${OTHER}`))
  await check('multi_queue', () => remakeTap(namespace, TAP, ` user ${UID} multi_queue`))
})

t.test('a tap stays where its guest gets another MAC address, and nothing passes under the one before', { skip }, async (t) => {
  const host = await startHost(t)
  const rules = (): string => host.namespace.ask('nft', 'list', 'chain', 'bridge', 'aetherscale', TAP)
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('tap.ensure', onLan)
  const before = indexOf(host, TAP)
  t.match(rules(), `ether saddr != ${MAC} drop`)
  await host.do('tap.ensure', { ...onLan, mac: '52:54:00:00:00:03' })
  t.match(rules(), 'ether saddr != 52:54:00:00:00:03 drop')
  t.notMatch(rules(), MAC)
  t.equal(indexOf(host, TAP), before)
  t.same(flawsOf(host.namespace, tap, { master: LAN }), [])
})

t.test('deleting what is not there succeeds, and a bridge with taps stays', { skip }, async (t) => {
  const host = await startHost(t)
  t.same(await host.do('tap.delete', { vm: 'abcdefgh', nic: 0 }), { name: TAP, changed: false })
  t.same(await host.do('bridge.delete', { network: 'lan' }), { name: LAN, changed: false })
  t.equal(await host.refusal('tap.ensure', onLan), 'NET_NOT_FOUND')
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('tap.ensure', onLan)
  t.equal(await host.refusal('bridge.delete', { network: 'lan' }), 'NET_IN_USE')
  t.same(namesIn(host.namespace), [LAN, TAP].sort())
  const held = await holdTap(t, host.namespace, TAP)
  t.same(await host.do('tap.delete', { vm: 'abcdefgh', nic: 0 }), { name: TAP, changed: true }, 'also one that is held open')
  await held.release()
  t.same(await host.do('bridge.delete', { network: 'lan' }), { name: LAN, changed: true })
  t.same(namesIn(host.namespace), [])
})

t.test("a tap is attached to a bridge of the admin's if it is granted, there, and a bridge", { skip }, async (t) => {
  const host = await startHost(t)
  const onto = (bridge: string): object => ({ ...onLan, attach: { bridge } })
  host.ip('link add br0 type bridge')
  host.ip('link add br2 type veth peer name br3')
  const before = linksIn(host.namespace).get('br0')
  t.same(await host.do('tap.ensure', onto('br0')), { name: TAP, changed: true })
  t.same(flawsOf(host.namespace, tap, { master: 'br0' }), [])
  t.same(await host.do('tap.ensure', onto('br0')), { name: TAP, changed: false })
  const after = linksIn(host.namespace).get('br0')
  t.same([after?.ifindex, after?.flags.includes('UP'), after?.group], [before?.ifindex, false, before?.group], 'of the bridge nothing is changed')
  t.equal(await host.refusal('tap.ensure', onto('br1')), 'NET_NOT_FOUND', 'not there')
  t.equal(await host.refusal('tap.ensure', onto('br2')), 'NET_NOT_FOUND', 'a veth')
  t.equal(await host.refusal('tap.ensure', onto('br3')), 'NET_DENIED', 'not granted')
  t.equal(linksIn(host.namespace).get(TAP)?.master, 'br0', 'a refused attachment changes nothing')
})

t.test("links of others may have any name and alias that the kernel takes", { skip }, async (t) => {
  const host = await startHost(t)
  for (const name of ['w\u0001', 'w\u001b[2J', 'w"\\', 'w\u00e4', 'w\u007f', 'w\u2028', 'w\u0085x']) {
    host.namespace.ask('ip', 'link', 'add', 'name', name, 'type', 'bridge')
    host.namespace.ask('ip', 'link', 'set', 'dev', name, 'alias', `${name}\t\raetherscale:${UID}:bridge:lan`)
  }
  t.same(await host.do('link.list'), { links: [] })
  t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: true })
  t.match(await host.do('link.list'), { links: [{ name: LAN, key: 'lan' }] })
})

t.test('two principals with the same names have links apart, and see and delete but their own', { skip: lacksPrincipals }, async (t) => {
  const host = await startHost(t, { [UID]: GRANT, [OTHER]: GRANT })
  for (const uid of [UID, OTHER]) {
    await host.helper.ask(uid, 'bridge.ensure', { network: 'lan' })
    t.match(await host.helper.ask(uid, 'tap.ensure', onLan), { result: { changed: true } })
  }
  t.equal(namesIn(host.namespace).length, 4)
  for (const uid of [UID, OTHER]) {
    const { result } = await host.helper.ask(uid, 'link.list')
    const [bridge, name] = [nameOf('bridge', 'lan', uid), nameOf('tap', 'abcdefgh.0', uid)]
    const links = (result?.['links'] as { name: string }[]).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    t.same(links, [{ name: bridge, kind: 'bridge', key: 'lan', up: true }, { name, kind: 'tap', key: 'abcdefgh.0', up: true, bridge, filtered: true }])
    t.same(flawsOf(host.namespace, { ...tap, uid }, { master: bridge }), [])
    t.match(await host.helper.ask(uid, 'policy.get'), { result: { used: { taps: 1, bridges: 1 } } })
  }
  await host.helper.ask(OTHER, 'tap.delete', { vm: 'abcdefgh', nic: 0 })
  await host.helper.ask(OTHER, 'bridge.delete', { network: 'lan' })
  t.same(namesIn(host.namespace), [LAN, TAP].sort())
})

t.test('a tunnel is a tap of its own on the bridge of its network, and of nothing else', { skip }, async (t) => {
  const host = await startHost(t, { [UID]: { ...GRANT, quota: { taps: 2, bridges: 2 } } })
  const { namespace } = host
  const network = `a${'-'.repeat(30)}0`
  const key = `tunnel.${network}`
  const [BRIDGE, TUNNEL] = [nameOf('bridge', network), nameOf('tap', key)]
  t.equal(await host.refusal('tunnel.ensure', { network }), 'NET_NOT_FOUND')
  t.same(await host.do('tunnel.delete', { network }), { name: TUNNEL, changed: false })
  await host.do('bridge.ensure', { network })
  t.same(await host.do('tunnel.ensure', { network }), { name: TUNNEL, changed: true })
  t.match(linksIn(namespace).get(TUNNEL)!.address, /^fe:/)
  const flaws = (): string[] => flawsOf(namespace, { uid: UID, kind: 'tap', key }, { master: BRIDGE })
  t.same(flaws(), [])
  const before = indexOf(host, TUNNEL)
  const held = await holdTap(t, namespace, TUNNEL)
  t.same(await host.do('tunnel.ensure', { network }), { name: TUNNEL, changed: false }, 'also while tincd holds it open')
  t.equal(indexOf(host, TUNNEL), before)
  t.match((await host.do('link.list'))['links'], [{}, { name: TUNNEL, kind: 'tap', key, up: true, bridge: BRIDGE, filtered: true }])
  t.match(await host.do('policy.get'), { used: { taps: 1, bridges: 1 } }, 'it counts as a tap')
  t.match(await host.do('ra.set', { network, prefix: PREFIX }), { changed: true }, 'and is no uplink of the host')
  t.equal(await host.refusal('bridge.delete', { network }), 'NET_IN_USE')
  await held.tell('persist 0')
  t.same(await host.do('tunnel.ensure', { network }), { name: TUNNEL, changed: true }, 'changed by its owner, it is made anew')
  t.same(flaws(), [])
  t.not(indexOf(host, TUNNEL), before)
  await host.do('bridge.ensure', { network: 'tunnel' })
  t.same(await host.do('tap.ensure', { ...onLan, attach: { network: 'tunnel' } }), { name: TAP, changed: true })
  t.equal(await host.refusal('tunnel.ensure', { network: 'tunnel' }), 'NET_QUOTA')
  t.same(await host.do('tunnel.delete', { network }), { name: TUNNEL, changed: true })
  t.equal(indexOf(host, TUNNEL), undefined)
  t.same([...filteredIn(namespace)], [TAP], 'its filter goes with it')
})

t.test('filters of taps that their owners deleted go with the next tap that is made', { skip }, async (t) => {
  const host = await startHost(t)
  await host.do('bridge.ensure', { network: 'lan' })
  for (const vm of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) {
    await host.do('tap.ensure', { ...onLan, vm })
    const held = await holdTap(t, host.namespace, nameOf('tap', `${vm}.0`))
    await held.tell('persist 0')
    await held.release()
    t.same([...filteredIn(host.namespace)], [nameOf('tap', `${vm}.0`)])
  }
  await host.do('tap.ensure', onLan)
  t.same([...filteredIn(host.namespace)], [TAP])
})

t.test('no tap is made where it cannot be filtered, and nothing half made stays', { skip }, async (t) => {
  const namespace = await openNamespace(t)
  const folder = makeFolder(t)
  const nft = join(folder, 'nft')
  const helper = await startHelper(t, namespace, { [UID]: GRANT }, { nft })
  await untilItListens(helper, [UID])
  await helper.ask(UID, 'bridge.ensure', { network: 'lan' })
  const stand = (text: string): void => writeFileSync(nft, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const faults: [what: string, arrange: () => void, message: RegExp][] = [
    ['it is not there', () => undefined, /nft: spawn .* ENOENT/],
    ['it refuses', () => stand('echo "Error: Operation not supported" >&2; exit 1'), /nft: Error: Operation not supported/],
    ['it is killed', () => stand('kill -KILL $$'), /nft: ended by SIGKILL/],
  ]
  for (const [what, arrange, message] of faults) {
    arrange()
    for (const [method, params] of [['tap.ensure', onLan], ['tunnel.ensure', { network: 'lan' }]] as const)
      t.match(await helper.ask(UID, method, params), { error: { message, data: { name: 'NET_FAILED', hint: /apt-get install nftables/ } } }, `${what}: ${method}`)
    t.same(namesIn(namespace), [LAN], what)
  }
  stand('exec /usr/sbin/nft "$@"')
  t.match(await helper.ask(UID, 'tap.ensure', onLan), { result: { changed: true } })
  t.same(flawsOf(namespace, tap, { master: LAN }), [])
  stand('exit 1')
  namespace.ask('ip', 'link', 'add', 'br0', 'type', 'bridge')
  t.match(await helper.ask(UID, 'tap.ensure', { ...onLan, attach: { bridge: 'br0' } }), { error: { data: { name: 'NET_FAILED' } } })
  t.equal(linksIn(namespace).get(TAP)?.master, undefined, 'a tap that was to be moved is a port of nothing')
  t.match(await helper.ask(UID, 'tap.delete', { vm: 'abcdefgh', nic: 0 }), { error: { data: { name: 'NET_FAILED' } } })
  t.same(namesIn(namespace), [LAN], 'a tap that is deleted is gone, whatever becomes of its filter')
  stand('exec /usr/sbin/nft "$@"')
  t.match(await helper.ask(UID, 'tap.delete', { vm: 'abcdefgh', nic: 0 }), { result: { changed: false } })
  t.same([...filteredIn(namespace)], [])
})

t.test('quotas count what is on the host, to the last', { skip }, async (t) => {
  const host = await startHost(t, { [UID]: { quota: { taps: 2, bridges: 1 } } })
  const ensure = (vm: string) => host.helper.ask(UID, 'tap.ensure', { vm, nic: 0, attach: { network: 'lan' }, mac: MAC })
  /** So that it is made anew. */
  const tamper = (vm: string): void => remakeTap(host.namespace, nameOf('tap', `${vm}.0`))
  const grant = (quota: object | undefined): void => writeFileSync(host.helper.allowlist, JSON.stringify({ version: 1, principals: { [UID]: { quota } } }))
  await host.do('bridge.ensure', { network: 'lan' })
  t.equal(await host.refusal('bridge.ensure', { network: 'dmz' }), 'NET_QUOTA')
  t.match(await host.do('bridge.ensure', { network: 'lan' }), { changed: false }, 'what is there may be ensured')
  for (const vm of ['aaaaaaaa', 'bbbbbbbb']) t.match(await ensure(vm), { result: { changed: true } })
  t.match(await ensure('cccccccc'), { error: { data: { name: 'NET_QUOTA', hint: /raise "quota.taps"/ } } })
  tamper('aaaaaaaa')
  t.match(await ensure('aaaaaaaa'), { result: { changed: true } }, 'also when it is made anew')
  t.match(await host.do('policy.get'), { used: { taps: 2, bridges: 1 }, quota: { taps: 2, bridges: 1 } })
  await host.do('tap.delete', { vm: 'aaaaaaaa', nic: 0 })
  t.match(await ensure('cccccccc'), { result: { changed: true } }, 'one deleted is one granted')

  grant({ taps: 1, bridges: 0 })
  tamper('bbbbbbbb')
  t.match(await ensure('bbbbbbbb'), { result: { changed: true } }, 'a lowered quota takes nothing away')
  t.match(await ensure('aaaaaaaa'), { error: { data: { name: 'NET_QUOTA' } } })
  for (const vm of ['bbbbbbbb', 'cccccccc']) await host.do('tap.delete', { vm, nic: 0 })
  await host.do('bridge.delete', { network: 'lan' })
  t.equal(await host.refusal('bridge.ensure', { network: 'lan' }), 'NET_QUOTA', 'a quota of none')

  grant(undefined)
  const networks = Array.from({ length: 9 }, (_, index) => `net${index}`)
  const answers = await Promise.all(networks.map((network) => host.refusal('bridge.ensure', { network })))
  t.same(answers.filter((name) => name !== undefined), ['NET_QUOTA'], 'eight without a word about it')
  t.equal(namesIn(host.namespace).length, 8)
})
