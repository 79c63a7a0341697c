import { once, EventEmitter } from 'node:events'
import t, { type Test } from 'tap'
import type { StatsSample } from '../../../policy/api/stats.ts'
import { createObserver, type Observer } from '../../../daemon/stats/look.ts'
import { createSampler, type Sampler } from '../../../daemon/stats/sampler.ts'
import type { Entry } from '../../../daemon/vm/table.ts'
import { BUSY, setScene } from './scene.ts'

const EVERY_MS = 10

/** Real VMs, looked at really; how often is counted. */
async function setUp(t: Test) {
  const { table, run } = await setScene(t)
  const [one, two] = [await run('aaaaaaaa', BUSY, 'one'), await run('bbbbbbbb', BUSY)]
  const real = createObserver(table)
  let looks = 0
  const observer: Observer = { ...real, look: (entries) => ((looks += 1), real.look(entries)) }
  return { table, one, two, sampler: createSampler(observer), looks: () => looks }
}

interface Reader {
  readonly lines: string[]
  next(): Promise<unknown>
  subscribe(entries?: readonly Entry[], everyMs?: number): void
  leave(): void
}

function read(t: Test, sampler: Sampler): Reader {
  const arrivals = new EventEmitter()
  const lines: string[] = []
  const subscriber = (line: string): void => void (lines.push(line), arrivals.emit('line'))
  const leave = (): void => sampler.set(subscriber, undefined)
  t.teardown(leave)
  return { lines, leave, next: () => once(arrivals, 'line'), subscribe: (entries, everyMs = EVERY_MS) => sampler.set(subscriber, { entries, everyMs }) }
}

const sampleOf = (line: string | undefined): StatsSample => (JSON.parse(line!) as { params: StatsSample }).params

t.test('the first sample comes at once, the others by and by, with what was used between', async (t) => {
  const { sampler, one, two } = await setUp(t)
  const reader = read(t, sampler)
  reader.subscribe(undefined, 250)
  t.equal(reader.lines.length, 1)
  t.match(JSON.parse(reader.lines[0]!), { jsonrpc: '2.0', method: 'stats', params: { at: String, vms: [{ vm: one.id, name: 'one' }, { vm: two.id }] } })
  t.equal(sampleOf(reader.lines[0]).vms[0]?.cpuPercent, undefined)
  await reader.next()
  t.match(sampleOf(reader.lines[1]).vms, [{ cpuPercent: Number, cpuSeconds: Number, memoryBytes: Number }, { cpuPercent: Number }])
})

t.test('nothing is looked at before anybody has subscribed, nor after the last one has gone', async (t) => {
  const { sampler, looks } = await setUp(t)
  const [one, two, witness] = [read(t, sampler), read(t, sampler), read(t, sampler)]
  t.equal(looks(), 0)
  one.subscribe()
  two.subscribe()
  await two.next()
  one.leave()
  await two.next()
  t.ok(two.lines.length >= 3, 'who stays is served on')
  two.leave()
  const then = looks()
  const told = [one.lines.length, two.lines.length]
  witness.subscribe([], EVERY_MS)
  for (let i = 0; i < 3; i += 1) await witness.next()
  t.equal(looks(), then + witness.lines.length, 'all looks since are for the witness')
  t.same([one.lines.length, two.lines.length], told)
})

t.test('who wants the same gets the same text of one look', async (t) => {
  const { sampler, one, two, looks } = await setUp(t)
  const readers = [read(t, sampler), read(t, sampler), read(t, sampler)]
  readers[0]!.subscribe([one, two])
  readers[1]!.subscribe([two, one, one])
  readers[2]!.subscribe([one, two])
  const then = looks()
  t.equal(then, 3, 'each has its first at once')
  await Promise.all(readers.map((reader) => reader.next()))
  t.equal(looks(), then + 1)
  t.equal(readers[0]!.lines[1], readers[1]!.lines[1])
  t.equal(readers[0]!.lines[1], readers[2]!.lines[1])
})

t.test('who wants other VMs, or at another pace, is served by itself', async (t) => {
  const { sampler, one, two } = await setUp(t)
  const [slow, few] = [read(t, sampler), read(t, sampler)]
  slow.subscribe(undefined, 60_000)
  few.subscribe([two])
  await few.next()
  t.equal(slow.lines.length, 1)
  t.same(sampleOf(few.lines.at(-1)).vms.map(({ vm }) => vm), [two.id])
  few.subscribe([one])
  await few.next()
  t.same(sampleOf(few.lines.at(-1)).vms.map(({ vm }) => vm), [one.id], 'a second subscription replaces the first')
})

t.test('a VM that ends, or is deleted, is left out from then on', async (t) => {
  const { sampler, table, one, two } = await setUp(t)
  const reader = read(t, sampler)
  reader.subscribe([one, two])
  await table.remove(one)
  await reader.next()
  t.same(sampleOf(reader.lines.at(-1)).vms.map(({ vm }) => vm), [two.id])
  two.live = undefined
  await reader.next()
  t.same(sampleOf(reader.lines.at(-1)).vms, [])
})
