import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { TUNNEL_MTU } from '../../../../daemon/vpn/tinc/config.ts'
import { explainEnd } from '../../../../daemon/vpn/tinc/words.ts'
import { locateProgram } from '../../../../daemon/service/environment.ts'
import { lacksTaps } from '../../../helper/namespace.ts'
import { makeHost, recordOf, secretsOf, type HostInVpn } from '../harness.ts'
import { openHosts, TAP, type Host } from './hosts.ts'

const skip = lacksTaps() || (locateProgram('tincd') === undefined && 'tincd is not installed')
const datagrams = join(import.meta.dirname, 'datagrams.ts')
const inside = (number: number): string => `10.7.0.${number}`
const makePair = (family: 4 | 6): Promise<[HostInVpn, HostInVpn]> => {
  const address = (number: number): string[] => [family === 4 ? `192.0.2.${number}` : `2001:db8::${number}`]
  return Promise.all([makeHost('host1', address(1)), makeHost('host2', address(2))])
}

async function echoOn(host: Host, number: number): Promise<void> {
  const [words] = await once(host.spawn(process.execPath, datagrams, 'echo', inside(number), '7000').stdout.setEncoding('utf8'), 'data')
  if (words !== 'ready\n') throw new Error(String(words))
}

/** Sends datagrams of that payload to the echo of a host while `meanwhile` runs, some before and some after it. */
async function sendWhile(from: Host, to: number, octets: number, meanwhile: () => Promise<void> = async () => {}): Promise<{ sent: number; lost: number[] }> {
  const child = from.spawn(process.execPath, datagrams, 'send', inside(to), '7000', String(octets))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  await meanwhile()
  // what was printed meanwhile is read first
  let line = await lines.next()
  for (let count = 0; count < 5; count++) line = await lines.next()
  child.stdin.end()
  while (!line.done && !line.value.startsWith('{')) line = await lines.next()
  return JSON.parse(String(line.value)) as { sent: number; lost: number[] }
}

/** Datagrams of guests that are as large as their MTU cross in one each from then on. */
async function untilMtuIsKnown(host: Host, name: string): Promise<{ pmtu: number; log: string }> {
  const pmtuOf = (log: string): number => Number(new RegExp(`^ ${name} at .* pmtu (\\d+) \\(min \\1 max \\1\\)$`, 'm').exec(log)?.[1] ?? 0)
  const log = await host.logWhere((nodes, text) => nodes.get(name) === true && pmtuOf(text) > 0)
  return { pmtu: pmtuOf(log), log }
}

async function openPair(t: Test, family: 4 | 6) {
  const openHost = await openHosts(t)
  const keys = await makePair(family)
  const hosts = [openHost(1), openHost(2)] as const
  await Promise.all(hosts.map((host, at) => host.configure(recordOf(keys[at]!, [keys[1 - at]!]), secretsOf(keys[at]!))))
  return { openHost, keys, hosts }
}

/** Ethernet's header and the most that a guest sends behind it. */
const LARGEST_FRAME = 14 + TUNNEL_MTU

for (const family of [4, 6] as const) {
  t.test(`two hosts that reach each other over IPv${family} carry frames of guests, each in one datagram`, { skip }, async (t) => {
    const { hosts } = await openPair(t, family)
    const known = await Promise.all([untilMtuIsKnown(hosts[0], 'host2'), untilMtuIsKnown(hosts[1], 'host1')])
    for (const { pmtu } of known) t.ok(pmtu >= LARGEST_FRAME, `${pmtu} octets in one datagram`)
    t.ok(known[0].pmtu < 1500, 'measured, and not only assumed')
    t.match(known[0].log, family === 4 ? /^ host2 at 192\.0\.2\.2 port 50000 cipher \d+ digest \d+ maclength 16 /m : /^ host2 at 2001:db8::2 port 50000 /m)
    await echoOn(hosts[1], 2)
    // IP and UDP take 28 octets: a small one, the largest in one frame, and one of 1500 in two
    for (const octets of [4, TUNNEL_MTU - 28, 1500 - 28]) {
      const { sent, lost } = await sendWhile(hosts[0], 2, octets)
      t.ok(sent >= 100)
      t.strictSame(lost, [], `${sent} datagrams of ${octets} octets and back`)
    }
  })
}

t.test('a peer is added, and removed, while traffic flows, and none of it is lost', { skip }, async (t) => {
  const { openHost, keys, hosts } = await openPair(t, 6)
  await Promise.all([untilMtuIsKnown(hosts[0], 'host2'), untilMtuIsKnown(hosts[1], 'host1')])
  await echoOn(hosts[1], 2)
  const third = await makeHost('host3', ['2001:db8::3'])
  const host3 = openHost(3)
  const added = await sendWhile(hosts[0], 2, TUNNEL_MTU - 28, async () => {
    await host3.configure(recordOf(third, keys), secretsOf(third))
    await hosts[0].configure(recordOf(keys[0], [keys[1], third]), secretsOf(keys[0]))
    await hosts[1].configure(recordOf(keys[1], [keys[0], third]), secretsOf(keys[1]))
    await hosts[0].logWhere((nodes) => nodes.get('host3') === true)
  })
  t.strictSame(added.lost, [], `${added.sent} datagrams while a host joined`)
  await echoOn(host3, 3)
  t.strictSame((await sendWhile(hosts[0], 3, 100)).lost, [], 'and the new one is reached')
  const removed = await sendWhile(hosts[0], 2, TUNNEL_MTU - 28, async () => {
    await hosts[0].configure(recordOf(keys[0], [keys[1]]), secretsOf(keys[0]))
    await hosts[1].configure(recordOf(keys[1], [keys[0]]), secretsOf(keys[1]))
    await hosts[0].logWhere((nodes) => nodes.get('host3') !== true)
  })
  t.strictSame(removed.lost, [], `${removed.sent} datagrams while a host was removed`)
})

t.test('a host that is gone is told as not reached, and reached again when it is back', { skip }, async (t) => {
  const { hosts, keys } = await openPair(t, 4)
  const [host1, host2] = hosts
  await host1.logWhere((nodes) => nodes.get('host1') === true && nodes.get('host2') === true)
  // without a word, as when its power goes
  host2.ask('ip', 'link', 'set', 'eth0', 'down')
  await host1.logWhere((nodes) => nodes.get('host1') === true && nodes.get('host2') !== true)
  host2.ask('ip', 'link', 'set', 'eth0', 'up')
  await host1.logWhere((nodes) => nodes.get('host2') === true)
  t.notOk(host1.log().includes(keys[0].privateKey))
})

t.test('why a real tincd ended is told', { skip }, async (t) => {
  const openHost = await openHosts(t)
  const host = await makeHost('host1', [])
  const endOf = async (number: number, prepare: (host: Host) => unknown, meanwhile: (host: Host) => unknown = () => {}): Promise<string | undefined> => {
    const here = openHost(number)
    await prepare(here)
    await here.configure(recordOf(host, []), secretsOf(host))
    meanwhile(here)
    await here.ended()
    return explainEnd(here.log())
  }
  const takePort = async (here: Host): Promise<void> => {
    const program = "const { once } = require('events'); const socket = require('dgram').createSocket('udp6').bind(50000); once(socket, 'listening').then(() => console.log('bound'))"
    await once(here.spawn(process.execPath, '-e', program).stdout, 'data')
  }
  t.equal(await endOf(1, takePort), 'another program has port 50000')
  t.equal(await endOf(2, (here) => here.ask('ip', 'link', 'delete', TAP)), "its tap is missing, or not this user's")
  t.equal(await endOf(3, () => {}, (here) => here.ask('ip', 'link', 'delete', TAP)), 'its tap was deleted')
  t.equal(await endOf(4, () => {}, (here) => { here.signal('SIGTERM') }), 'it was told to end (SIGTERM)')
})
