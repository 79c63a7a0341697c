import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { VPN_PORTS } from '../../../policy/api/vpn.ts'
import { createPortChooser } from '../../../daemon/vpn/ports.ts'

const none: ReadonlySet<number> = new Set()

/** Ports behind one another that nobody has now; not of those that VPNs have. */
async function findFree(count: number): Promise<number> {
  for (let first = 20_000; first < 30_000; first += count) {
    const ports = Array.from({ length: count }, (_, at) => first + at)
    const chooser = createPortChooser({ first, last: first + count - 1 })
    const chosen = await Promise.allSettled(ports.map((port) => chooser.choose(none, port)))
    if (chosen.every(({ status }) => status === 'fulfilled')) return first
  }
  throw new Error('no free ports')
}

type Hold = (t: Test, port: number) => Promise<unknown>
const tcp = (host: string): Hold => async (t, port) => {
  const server = createServer().listen({ host, port, ipv6Only: true })
  t.teardown(() => server.close())
  await once(server, 'listening')
}
const udp = (address: string): Hold => async (t, port) => {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address === '::' }).bind({ address, port })
  t.teardown(() => socket.close())
  await once(socket, 'listening')
}
const holds: Record<string, [hold: Hold, protocol: string]> = {
  'TCP on all of IPv4': [tcp('0.0.0.0'), 'TCP'],
  'TCP on one IPv4 address': [tcp('127.0.0.1'), 'TCP'],
  'TCP on all of IPv6': [tcp('::'), 'TCP'],
  'TCP on one IPv6 address': [tcp('::1'), 'TCP'],
  'UDP on all of IPv4': [udp('0.0.0.0'), 'UDP'],
  'UDP on one IPv4 address': [udp('127.0.0.1'), 'UDP'],
  'UDP on all of IPv6': [udp('::'), 'UDP'],
  'UDP on one IPv6 address': [udp('::1'), 'UDP'],
}

for (const [name, [hold, protocol]] of Object.entries(holds)) {
  t.test(`a program that has a port for ${name} keeps it`, async (t) => {
    const first = await findFree(3)
    await hold(t, first)
    const chooser = createPortChooser({ first, last: first + 2 })
    t.equal((await chooser.choose(none)).port, first + 1)
    await t.rejects(chooser.choose(none, first), {
      name: 'UserError',
      message: `Port ${first} cannot be the VPN's: another program has it for ${protocol}`,
      data: { name: 'PORT_IN_USE', field: 'port', hint: /free one/ },
    })
  })
}

t.test('a port that was chosen can be bound at once, and is kept from others until it is released', async (t) => {
  const first = await findFree(2)
  const chooser = createPortChooser({ first, last: first + 1 })
  const one = await chooser.choose(none)
  t.equal(one.port, first)
  for (const { 0: hold } of Object.values(holds).filter((_, at) => at % 2 === 0)) await hold(t, one.port)
  await t.rejects(chooser.choose(none, first), { message: /another VPN of this host/, data: { name: 'PORT_IN_USE', field: 'port' } })
  const two = await chooser.choose(none)
  t.equal(two.port, first + 1)
  two.release()
  t.equal((await chooser.choose(none, first + 1)).port, first + 1)
})

t.test('a port of another VPN is not looked at, whether its tincd runs or not', async (t) => {
  const first = await findFree(3)
  const chooser = createPortChooser({ first, last: first + 2 })
  t.equal((await chooser.choose(new Set([first, first + 2]))).port, first + 1)
  await t.rejects(chooser.choose(new Set([first]), first), { message: /another VPN of this host/, data: { name: 'PORT_IN_USE' } })
})

t.test('who asks at the same time gets different ports, and the wanted one goes to one of them', async (t) => {
  const first = await findFree(20)
  const chooser = createPortChooser({ first, last: first + 19 })
  const chosen = await Promise.all(Array.from({ length: 20 }, () => chooser.choose(none)))
  t.equal(new Set(chosen.map(({ port }) => port)).size, 20)
  for (const { release } of chosen) release()
  const wanted = await Promise.allSettled(Array.from({ length: 5 }, () => chooser.choose(none, first + 7)))
  t.strictSame(wanted.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected'])
})

t.test('when the ports of VPNs are used up, that is told, and the first that gets free is given again', async (t) => {
  const chooser = createPortChooser()
  const exhausted = { name: 'UserError', message: /from 50000 to 50999/, data: { name: 'VPN_PORTS_EXHAUSTED', hint: /Delete/ } }
  const { port: held, release } = await chooser.choose(none)
  await udp('127.0.0.1')(t, held)
  release()
  const results = await Promise.allSettled(Array.from({ length: 1001 }, () => chooser.choose(none)))
  const chosen = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const ports = new Set(chosen.map(({ port }) => port))
  t.equal(ports.size, chosen.length, 'each once')
  t.ok(ports.size > 900, 'whatever else this host does, most of the range was free')
  t.notOk(ports.has(held), 'not the one that is held')
  t.ok([...ports].every((port) => port >= VPN_PORTS.first && port <= VPN_PORTS.last))
  t.match(results.find(({ status }) => status === 'rejected'), { reason: exhausted })
  await t.rejects(chooser.choose(none), exhausted)
  await t.rejects(createPortChooser().choose(new Set(Array.from({ length: 1000 }, (_, at) => 50_000 + at))), exhausted, 'by records alone')
  chosen[500]?.release()
  t.equal((await chooser.choose(none)).port, chosen[500]?.port)
})

t.test('a host without IPv6 has ports for VPNs as well, and notices who has one', async (t) => {
  const first = await findFree(2)
  await tcp('127.0.0.1')(t, first)
  const program = join(import.meta.dirname, 'without-ipv6.ts')
  t.equal(execFileSync(process.execPath, [program, String(first), String(first + 1)], { encoding: 'utf8' }), `${first + 1}\n`)
})
