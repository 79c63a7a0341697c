/** Samples of what VMs use, as connections get them: real processes, real sockets. */
import t, { type Test } from 'tap'
import { createObserver } from '../../../daemon/stats/look.ts'
import { createSampler, type Sampler, type StatsWanted } from '../../../daemon/stats/sampler.ts'
import { setScene, ASLEEP } from '../stats/scene.ts'
import { serve, type Harness, type Message, type Stubs } from './harness.ts'

const EVERY_MS = 5

const stubs: Stubs = {
  'vm.get': ({ vm }: { vm: string }) => ({ id: vm }),
  'vm.list': () => ({ big: 'x'.repeat(500_000) }),
  'stats.subscribe': (_params, { sample }) => (sample({ entries: undefined, everyMs: EVERY_MS }), {}),
  'stats.unsubscribe': (_params, { sample }) => (sample(undefined), {}),
}

async function serveSamples(t: Test): Promise<Harness & { wanted: () => number; looks: () => number }> {
  const { table, run } = await setScene(t)
  await run('aaaaaaaa', ASLEEP, 'one')
  const observer = createObserver(table)
  let looks = 0
  const sampler = createSampler({ ...observer, look: (entries) => ((looks += 1), observer.look(entries)) })
  const subscribed = new Set<unknown>()
  const counted: Sampler = {
    set(subscriber, wanted: StatsWanted | undefined) {
      if (wanted) subscribed.add(subscriber)
      else subscribed.delete(subscriber)
      sampler.set(subscriber, wanted)
    },
  }
  return { ...(await serve(t, stubs, {}, counted)), wanted: () => subscribed.size, looks: () => looks }
}

const isSample = ({ method, params }: Message): boolean => method === 'stats' && Array.isArray(params?.['vms'])

t.test('the first sample is there before the answer, and others follow until they are wanted no more', async (t) => {
  const client = await (await serveSamples(t)).connect('observe')
  client.ask(1, 'stats.subscribe')
  t.match(await client.next(), { method: 'stats', params: { vms: [{ vm: 'aaaaaaaa', name: 'one' }] } })
  t.match(await client.next(), { id: 1 })
  t.ok((await client.take(3)).every(isSample))
  client.ask(2, 'stats.unsubscribe')
  let last = await client.next()
  while (isSample(last)) last = await client.next()
  t.match(last, { id: 2 })
  t.match(await client.ask(3, 'vm.get', { vm: 'web' }).next(), { id: 3 }, 'nothing comes between')
})

t.test('a subscription ends with its connection, and no look is made after the last', async (t) => {
  const { connect, wanted, looks } = await serveSamples(t)
  const [one, two] = [await connect(), await connect('observe')]
  for (const client of [one, two]) await client.ask(1, 'stats.subscribe').take(3)
  t.equal(wanted(), 2)
  one.socket.destroy()
  while (wanted() === 2) await two.next()
  t.ok((await two.take(3)).every(isSample), 'the other one is served on')
  two.socket.destroy()
  const witness = await connect()
  while (wanted() > 0) await witness.ask(1, 'vm.get', { vm: 'web' }).next()
  const then = looks()
  for (let id = 0; id < 100; id += 1) await witness.ask(id, 'vm.get', { vm: 'web' }).next()
  t.equal(looks(), then)
})

t.test('a subscriber that ends its side still gets its samples', async (t) => {
  const client = await (await serveSamples(t)).connect('observe')
  client.ask(1, 'stats.subscribe')
  client.socket.end()
  await client.take(2)
  t.ok((await client.take(3)).every(isSample))
})

t.test('who does not read misses samples, is not let go, and gets new ones once it reads', async (t) => {
  const { connect, looks, lines } = await serveSamples(t)
  const [slow, quick] = [await connect(), await connect()]
  await slow.ask(1, 'stats.subscribe').take(2)
  slow.socket.pause()
  // Larger than what the kernel holds for a socket: from here on nothing more is taken.
  slow.ask(2, 'vm.list').ask(3, 'vm.list')
  await quick.ask(1, 'stats.subscribe').take(100)
  const missed = looks()
  slow.socket.resume()
  const received: Message[] = []
  while (received.filter(({ id }) => id !== undefined).length < 2) received.push(await slow.next())
  received.push(...(await slow.take(3)))
  t.ok(isSample(received.at(-1)!))
  const samples = received.filter(isSample).length
  t.ok(samples < missed / 2, `${samples} of ${missed}`)
  t.same(lines.filter(({ msg }) => /too slowly/.test(String(msg))), [])
})
