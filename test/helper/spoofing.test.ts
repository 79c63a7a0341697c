/**
 * What a guest must not send does not arrive: frames really sent from a tap, and really listened for at another port of
 * the bridge and at the host. Each stands beside one of its kind that does arrive; and without the filter all of them do.
 */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ethernet, ipv4, udp4 } from '../inputs/ethernet.ts'
import type { Arrival, Exchange } from './exchange-frames.ts'
import { startHelper, type TestHelper } from './helper-process.ts'
import { linksIn, nameOf, UID, untilItListens } from './links.ts'
import { lacksTaps, openNamespace, type Namespace } from './namespace.ts'
import { runExchange } from './run-exchange.ts'
import { GRANTED_PORT, listSpoofs, OTHER, SELF, THIRD, type Place, type Spoof } from './spoofed-frames.ts'

const skip = lacksTaps()
const onLan = { vm: 'aaaaaaaa', nic: 0, attach: { network: 'lan', addresses: SELF.addresses }, mac: SELF.mac }
const [LAN, TAP] = [nameOf('bridge', 'lan'), nameOf('tap', 'aaaaaaaa.0')]

interface Host {
  readonly namespace: Namespace
  readonly helper: TestHelper
  readonly spoofs: Spoof[]
  /** The link that stands for a place. */
  readonly places: Readonly<Record<Place, string>>
  do(method: string, params?: object): Promise<Record<string, unknown>>
}

async function startHost(t: Test): Promise<Host> {
  const namespace = await openNamespace(t)
  const ip = (line: string): string => namespace.ask('ip', ...line.split(' '))
  for (const line of ['link add br0 address 02:00:00:00:00:b0 type bridge mcast_snooping 0', 'link set br0 up', 'tuntap add neighbour mode tap', 'link set neighbour master br0 up',
    // addresses of the host's elsewhere, which a guest could try
    'addr add fd00:77::1/64 dev lo', 'addr add 10.77.0.1/24 dev lo']) ip(line)
  const services = [`tcp:${GRANTED_PORT}`, `udp:${GRANTED_PORT}`]
  const helper = await startHelper(t, namespace, { [UID]: { bridges: ['br0'], prefix: 'fd00:ae::/48', services } })
  await untilItListens(helper, [UID])
  const ask: Host['do'] = async (method, params) => {
    const { result, error } = await helper.ask(UID, method, params)
    if (!result) throw new Error(`${method}: ${error?.message}`)
    return result
  }
  await ask('bridge.ensure', { network: 'lan' })
  await ask('tap.ensure', onLan)
  await ask('tap.ensure', { ...onLan, vm: 'bbbbbbbb', mac: OTHER.mac, attach: { network: 'lan' } })
  await ask('tap.ensure', { ...onLan, vm: 'cccccccc', mac: THIRD.mac, attach: { bridge: 'br0' } })
  await ask('tunnel.ensure', { network: 'lan' })
  await ask('ra.set', { network: 'lan', prefix: 'fd00:ae::/64' })
  const mac = (name: string): string => linksIn(namespace).get(name)!.address!
  return {
    namespace, helper, do: ask, spoofs: listSpoofs({ network: mac(LAN), bridge: mac('br0') }),
    places: {
      guest: TAP, 'other guest': nameOf('tap', 'bbbbbbbb.0'), 'guest on an admin bridge': nameOf('tap', 'cccccccc.0'), tunnel: nameOf('tap', 'tunnel.lan'),
      'neighbour on an admin bridge': 'neighbour', host: LAN, 'host, on an admin bridge': 'br0',
    },
  }
}

function send({ namespace, places }: Host, spoofs: readonly Spoof[]): Arrival[] {
  const hex = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString('hex'))
  const isBridge = (name: string): boolean => name === LAN || name === 'br0'
  const exchange: Exchange = {
    taps: Object.values(places).filter((name) => !isBridge(name)), bridges: Object.values(places).filter(isBridge),
    rows: spoofs.map(({ before, from, at, frames, control }) => ({ ...(before && { before: { from: places[before.from], frames: hex(before.frames) } }), from: places[from], at: places[at], frames: hex(frames), control: { at: places[control.at], frames: hex(control.frames) } })),
  }
  return runExchange(namespace, exchange)
}

const isFiltered = async (host: Host): Promise<unknown[]> =>
  ((await host.do('link.list'))['links'] as { kind: string; filtered?: boolean }[]).filter(({ kind }) => kind === 'tap').map(({ filtered }) => filtered)

t.test('what is spoofed does not arrive', { skip, timeout: 120_000 }, async (t) => {
  const host = await startHost(t)
  const arrivals = send(host, host.spoofs)
  t.comment('| sent | from | looked for at | arrived | its control arrived |')
  for (const [index, { what, from, at }] of host.spoofs.entries()) {
    const { arrived, control } = arrivals[index]!
    t.comment(`| ${what} | ${from} | ${at} | ${arrived ? 'yes' : 'no'} | ${control ? 'yes' : 'no'} |`)
    t.same({ arrived, control }, { arrived: false, control: true }, `${what}, from ${from} to ${at}`)
  }

  await t.test('without the filter all of it does, and the next ensure puts it back', async (t) => {
    t.same(await isFiltered(host), [true, true, true, true])
    host.namespace.ask('nft', 'flush', 'ruleset')
    t.same(await isFiltered(host), [false, false, false, false], 'which link.list tells')
    const missed = send(host, host.spoofs).flatMap(({ arrived, control }, index) => (arrived && control ? [] : [host.spoofs[index]!.what]))
    t.same(missed, [])
    t.same(await host.do('tap.ensure', onLan), { name: TAP, changed: false })
    const again = host.spoofs.filter(({ from }) => from === 'guest')
    t.same(send(host, again).filter(({ arrived, control }) => arrived || !control), [])
  })
})

t.test("what a bridge hands to the host past its filters reaches nobody there: IPv4 to LLDP's address", { skip }, async (t) => {
  const { namespace } = await startHost(t)
  const frame = ethernet(SELF.mac, '01:80:c2:00:00:0e', 0x0800, ipv4('10.9.0.10', '10.77.0.1', 17, udp4(1024, GRANTED_PORT + 1, Buffer.from('data'))))
  /** Datagrams for a port of the host where nobody listens: RFC 4113, udpNoPorts. */
  const delivered = (): number => Number(/^Udp: \d+ (\d+)/m.exec(namespace.ask('cat', '/proc/net/snmp'))![1])
  const sendIt = (): string => namespace.ask(process.execPath, join(import.meta.dirname, '../system/send-frame.ts'), TAP, frame.toString('hex'))
  sendIt()
  t.equal(delivered(), 0)
  namespace.ask('nft', 'delete table netdev aetherscale')
  sendIt()
  t.equal(delivered(), 0, 'nor without the filter before the bridge')
  namespace.ask('sh', '-c', `echo 0 >/proc/sys/net/ipv4/conf/${TAP}/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter`)
  sendIt()
  t.ok(delivered() > 0, 'which without the settings of the tap it does')
})
