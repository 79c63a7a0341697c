import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createObserver, percentBetween } from '../../../daemon/stats/look.ts'
import { readProcessStat } from '../../../daemon/stats/process-stat.ts'
import { ASLEEP, BUSY, liveOf, setScene } from './scene.ts'

const usage = (atMs: number, cpuTicks: number) => ({ atMs, stat: { cpuTicks } })
const percents: readonly [string, Parameters<typeof percentBetween>, number | undefined][] = [
  ['half of the time is half of a CPU', [usage(1000, 0), usage(3000, 100)], 50],
  ['it is the time that has passed, and not that which was meant to', [usage(1000, 0), usage(5000, 100)], 25],
  ['several CPUs are more than a hundred', [usage(0, 100), usage(1000, 500)], 400],
  ['a tenth is told, no more', [usage(0, 0), usage(3000, 100)], 33.3],
  ['nothing is nothing', [usage(0, 7), usage(2000, 7)], 0],
  ['a first look has none', [undefined, usage(2000, 7)], undefined],
  ['nor has one right after another', [usage(0, 0), usage(20, 2)], undefined],
]
for (const [sentence, [before, after], percent] of percents) {
  t.test(sentence, async (t) => {
    t.equal(percentBetween(before, after), percent)
  })
}

t.test('of two looks at real processes, the busy one shows', async (t) => {
  const { table, run } = await setScene(t)
  const busy = await run('aaaaaaaa', BUSY, 'busy')
  const asleep = await run('bbbbbbbb', ASLEEP)
  const { look, compare } = createObserver(table)
  const first = look(undefined)
  await delay(500)
  const { vms, at } = compare(first, look(undefined))
  t.same(vms.map(({ vm, name }) => [vm, name]), [[busy.id, 'busy'], [asleep.id, undefined]])
  const [hot, cold] = vms
  t.ok(hot!.cpuPercent! > 3 * cold!.cpuPercent! && hot!.cpuPercent! <= 110, `${hot?.cpuPercent} % and ${cold?.cpuPercent} %`)
  t.ok(hot!.cpuSeconds > 0)
  t.ok(hot!.memoryBytes > 100_000 && hot!.memoryBytes < 100_000_000, `${hot?.memoryBytes} bytes`)
  t.notMatch(compare(new Map(), first).vms[0], { cpuPercent: Number }, 'a first look tells no percentage')
  t.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000)
})

t.test('what does not run, has ended, or was deleted is left out', async (t) => {
  const { table, run, start } = await setScene(t)
  const [runs, deleted, ended, stopped] = [await run('aaaaaaaa', ASLEEP), await run('bbbbbbbb', ASLEEP), await run('cccccccc', ASLEEP), await run('dddddddd', ASLEEP)]
  const { look, compare } = createObserver(table)
  const all = [runs, deleted, ended, stopped]
  const seen = () => compare(new Map(), look(all)).vms.map(({ vm }) => vm)
  t.same(seen(), all.map(({ id }) => id))
  const shell = await start(ASLEEP)
  ended.live = liveOf(shell.pid)
  t.equal(seen().length, 4)
  await shell.end()
  stopped.live = undefined
  await table.remove(deleted)
  t.same(seen(), [runs.id])
  t.same(Array.from(look(undefined).values(), ({ entry }) => entry.id), [runs.id])
})

t.test('a pid that is another process by now is nobody', async (t) => {
  const { table, run, start } = await setScene(t)
  const vm = await run('aaaaaaaa', ASLEEP)
  let isReused = false
  const { look } = createObserver(table, (pid) => {
    const stat = readProcessStat(pid)
    return stat && isReused ? { ...stat, startTicks: stat.startTicks + 1 } : stat
  })
  t.equal(look(undefined).size, 1)
  isReused = true
  t.equal(look(undefined).size, 0, 'a process that began later has it')
  isReused = false
  vm.live = liveOf((await start(ASLEEP, 'sh')).pid)
  t.equal(look(undefined).size, 0, 'no QEMU has it from the first look on')
})
