/** What is for a guest reaches it, whatever its MAC address is: frames really sent between taps of one network. */
import t from 'tap'
import { ethernet, fromMac, icmpv6, ipv6 } from '../inputs/ethernet.ts'
import { ALL_NODES } from '../inputs/router-advertisement.ts'
import type { Exchange } from './exchange-frames.ts'
import { startHelper } from './helper-process.ts'
import { nameOf, UID, untilItListens } from './links.ts'
import { lacksTaps, openNamespace } from './namespace.ts'
import { runExchange } from './run-exchange.ts'

const [IP6, ICMPV6, ECHO] = [0x86dd, 58, 128]
/** All first octets that a drawn MAC address can have: unicast, and locally administered. */
const FIRST = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => (octet & 3) === 2)

const hex = (octet: number): string => octet.toString(16).padStart(2, '0')

t.test('a frame for a guest alone arrives, for each first octet of its MAC address', { skip: lacksTaps(), timeout: 120_000 }, async (t) => {
  const namespace = await openNamespace(t)
  const helper = await startHelper(t, namespace, { [UID]: { quota: { taps: FIRST.length, bridges: 1 } } })
  await untilItListens(helper, [UID])
  const ask = async (method: string, params: object): Promise<void> => {
    const { error } = await helper.ask(UID, method, params)
    if (error) throw new Error(`${method}: ${error.message}`)
  }
  await ask('bridge.ensure', { network: 'lan' })
  const guests = FIRST.map((octet, index) => {
    const vm = `guest${String.fromCharCode(...[index >> 4, index & 15, 0].map((digit) => 97 + digit))}`
    return { vm, mac: `${hex(octet)}:54:00:00:00:${hex(index)}`, tap: nameOf('tap', `${vm}.0`) }
  })
  for (const { vm, mac } of guests) await ask('tap.ensure', { vm, nic: 0, attach: { network: 'lan' }, mac })

  const frame = (from: string, to: string, destination: string): string =>
    ethernet(from, to, IP6, ipv6(fromMac(from), destination, ICMPV6, icmpv6(fromMac(from), destination, ECHO, Buffer.alloc(8)))).toString('hex')
  const exchange: Exchange = {
    taps: guests.map(({ tap }) => tap), bridges: [],
    rows: guests.map(({ mac, tap }, index) => {
      const sender = guests[(index + 1) % guests.length]!
      return { from: sender.tap, at: tap, frames: [frame(sender.mac, mac, fromMac(mac))], control: { at: tap, frames: [frame(sender.mac, ALL_NODES.mac, ALL_NODES.address)] } }
    }),
  }
  const arrivals = runExchange(namespace, exchange)
  t.same(guests.map(({ mac }, index) => ({ mac, ...arrivals[index] })), guests.map(({ mac }) => ({ mac, arrived: true, control: true })))
})
