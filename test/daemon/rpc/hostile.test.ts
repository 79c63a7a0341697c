/** Clients that misbehave: the daemon keeps what it holds for them bounded, says why it lets them go, and lives. */
import { once } from 'node:events'
import t from 'tap'
import { createRandom } from '../../inputs/random.ts'
import { createGate, serve, type Harness, type Message, type Stubs } from './harness.ts'

const big = 'x'.repeat(50_000)
const stubs: Stubs = {
  'vm.get': ({ vm }: { vm: string }) => ({ id: vm }),
  'vm.list': () => ({ big }),
  'events.subscribe': (_params, { subscribe }) => (subscribe(['image.deleted']), {}),
}

async function isAlive({ connect }: Harness): Promise<boolean> {
  const { result } = await (await connect()).ask('alive', 'vm.get', { vm: 'web' }).next()
  return (result as { id: string }).id === 'web'
}

const event = { kind: 'image.deleted', image: big as never } as const

t.test('a subscriber that does not read is disconnected with a reason, and its queue stops growing', async (t) => {
  const harness = await serve(t, stubs, { unsentBytes: 1_000_000 })
  const client = await harness.connect('observe')
  await client.ask(1, 'events.subscribe').next()
  client.socket.pause()
  const warned = () => harness.lines.filter(({ msg }) => /too slowly/.test(String(msg)))
  for (let sent = 0; sent < 1000 && warned().length === 0; sent += 1) harness.events.emit(event)
  t.equal(warned().length, 1, 'one line of the log')
  t.match(warned(), [{ uid: process.getuid?.(), pid: process.pid, unsent: Number }])
  t.ok(Number(warned()[0]?.['unsent']) < 1_100_000, 'at the limit, give or take a line')
  for (let sent = 0; sent < 100; sent += 1) harness.events.emit(event)
  client.socket.resume()
  const received = await client.rest()
  t.match(received.at(-1), { method: 'disconnect', params: { name: 'SLOW_READER', message: /\d+ bytes/ } })
  t.ok(received.slice(0, -1).every(({ method }) => method === 'event'), 'what was queued before it is whole')
  t.ok(received.length < 40, 'and nothing was queued after it')
  t.equal(warned().length, 1)
  t.ok(await isAlive(harness))
})

t.test('a subscriber that keeps up gets every event', async (t) => {
  const harness = await serve(t, stubs, { unsentBytes: 1_000_000 })
  const client = await harness.connect('observe')
  await client.ask(1, 'events.subscribe').next()
  for (let sent = 0; sent < 200; sent += 1) {
    harness.events.emit(event)
    t.equal((await client.next()).method, 'event')
  }
})

t.test('a client that asks and does not read is read from no more, and let go after the grace', async (t) => {
  let asked = 0
  const harness = await serve(
    t,
    { ...stubs, 'vm.list': () => ({ big, asked: ++asked }) },
    { unsentBytes: 200_000, inFlight: 4, graceMs: 100 },
  )
  const client = await harness.connect()
  client.socket.pause()
  for (let id = 0; id < 2000; id += 1) client.ask(id, 'vm.list')
  client.socket.on('error', () => undefined)
  await waitForLog(harness, /too slowly/)
  t.ok(asked < 40, `${asked} of 2000 requests were taken`)
  client.socket.resume()
  const received = await client.rest()
  t.ok(received.length < 40)
  t.ok(await isAlive(harness))
})

t.test('many answers at once, each far over the limit, end the connection before they fill the memory', async (t) => {
  const gate = createGate()
  const huge = 'x'.repeat(1_000_000)
  const harness = await serve(t, { ...stubs, 'vm.list': () => gate.promise.then(() => ({ huge })) }, { unsentBytes: 100_000 })
  const client = await harness.connect()
  for (let id = 0; id < 100; id += 1) client.ask(id, 'vm.list')
  client.ask('last', 'vm.get', { vm: 'web' })
  t.match(await client.next(), { id: 'last' }, 'all have been taken')
  client.socket.pause()
  gate.open()
  await waitForLog(harness, /too slowly/)
  client.socket.resume()
  const received = await client.rest()
  t.match(received.at(-1), { method: 'disconnect', params: { name: 'SLOW_READER' } })
  t.ok(received.length < 10, 'of a hundred')
  t.ok(await isAlive(harness))
})

t.test('a client that never reads its farewell is cut off', async (t) => {
  const harness = await serve(t, stubs, { unsentBytes: 1_000_000, graceMs: 50 })
  const client = await harness.connect('observe')
  await client.ask(1, 'events.subscribe').next()
  client.socket.pause()
  for (let sent = 0; sent < 100; sent += 1) harness.events.emit(event)
  // The write fails only once the server has closed its end for good.
  const cut = once(client.socket, 'error')
  const typing = setInterval(() => client.socket.write('\n'), 10)
  t.teardown(() => clearInterval(typing))
  t.match(await cut, [{ code: 'EPIPE' }])
  t.ok(await isAlive(harness))
})

t.test('clients that leave in the middle of a request, of a line or of an answer', async (t) => {
  const gate = createGate()
  const harness = await serve(t, { ...stubs, 'vm.wait': () => gate.promise.then(() => ({ big })) }, { hangUpCheckMs: 5 })
  for (const text of ['{"jsonrpc"', '{"jsonrpc":"2.0","id":1,"method":"vm.wait","params":{"vm":"a"}}\n', '{"jsonrpc":"2.0","id":1,"method":"vm.list"}\n'.repeat(500)]) {
    const client = await harness.connect()
    await new Promise<void>((resolve) => client.socket.write(text, () => resolve()))
    client.socket.destroy()
  }
  gate.open()
  t.ok(await isAlive(harness))
})

t.test('garbage of every kind gets answers or a farewell, never a crash', async (t) => {
  const harness = await serve(t, stubs)
  const random = createRandom(20_200_816)
  for (let round = 0; round < 30; round += 1) {
    const client = await harness.connect()
    for (let i = 0; i < 40; i += 1) client.socket.write(makeGarbage(random))
    client.socket.end('\n')
    const known = (await client.rest()).flat().every((answer: Message) => answer.error !== undefined || answer.id !== undefined)
    t.ok(known, `round ${round}`)
  }
  t.ok(await isAlive(harness))
  t.same(harness.lines.filter(({ level }) => Number(level) >= 50), [], 'and none of it was a defect')
})

t.test('one client in trouble does not hold up another', async (t) => {
  const harness = await serve(t, stubs, { unsentBytes: 100_000, graceMs: 60_000 })
  const stuck = await harness.connect()
  stuck.socket.pause()
  for (let id = 0; id < 100; id += 1) stuck.ask(id, 'vm.list')
  const client = await harness.connect()
  for (let id = 0; id < 100; id += 1) t.equal((await client.ask(id, 'vm.get', { vm: 'web' }).next()).id, id)
})

t.test('more connections than the limit are closed at once, and the others served', async (t) => {
  const harness = await serve(t, stubs, { connections: 2 })
  const [first, second] = [await harness.connect(), await harness.connect()]
  t.same(await (await harness.connect()).rest(), [])
  t.match(harness.lines, [{ msg: /too many connections/ }])
  for (const client of [first, second]) t.match(await client.ask(1, 'vm.get', { vm: 'web' }).next(), { id: 1 })
})

async function waitForLog({ lines }: Harness, message: RegExp): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  while (!lines.some(({ msg }) => message.test(String(msg)))) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Random bytes, or a request with one byte changed, cut, doubled, or with random JSON in the place of a member. */
function makeGarbage(random: () => number): Buffer {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const values = ['null', '[]', '{}', '""', '-1', '1e999', 'true', '"vm.get"', '[null]', '{"vm":"web"}', '{"__proto__":null}', '"\\u0000"']
  const request = `{"jsonrpc":${pick(['"2.0"', ...values])},"id":${pick(values)},"method":${pick(['"vm.get"', ...values])},"params":${pick(values)}}`
  const line = Buffer.from(random() < 0.3 ? `[${request},${pick(values)}]\n` : `${request}\n`)
  const at = Math.floor(random() * line.length)
  const kind = random()
  if (kind < 0.2) return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)))
  if (kind < 0.4) line[at] = Math.floor(random() * 256)
  if (kind < 0.5) return line.subarray(0, at)
  return line
}
