import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { execFileSync } from 'node:child_process'
import t from 'tap'
import { parseStat, readPageBytes, readProcessStat } from '../../../daemon/stats/process-stat.ts'
import { ASLEEP, BUSY, setScene } from './scene.ts'

const line = (comm: string, state = 'S'): string =>
  `4711 (${comm}) ${state} 1 4711 4711 0 -1 4194560 900 0 3 0 250 50 7 9 20 0 5 0 123456 734003200 38400 18446744073709551615 1 1 0 0\n`
const told = { startTicks: 123_456, cpuTicks: 300 }

t.test('CPU time and start are found behind whatever the command is called', async (t) => {
  t.same(parseStat(line('qemu-system-x86')), told)
  for (const comm of ['a b', 'a) S 1 2 3', ')', '(', ' ', '', ') Z 9 (']) t.same(parseStat(line(comm)), told, JSON.stringify(comm))
})

t.test('a zombie uses nothing any more, and what is no such line tells nothing', async (t) => {
  t.equal(parseStat(line('qemu', 'Z')), undefined)
  t.equal(parseStat(line('qemu', 'X')), undefined)
  for (const text of ['', '4711 (qemu', '4711 (qemu) S 1 2', '4711 (qemu) S a b c d e f g h i j k l m n o p q r s t u v']) t.equal(parseStat(text), undefined, text)
})

t.test('a real process: its CPU time grows while it computes, and not while it waits', async (t) => {
  const { start } = await setScene(t)
  const [busy, asleep] = [await start(BUSY), await start(ASLEEP)]
  t.match(readFileSync(`/proc/${busy.pid}/stat`, 'utf8'), '(qemu-system-) R) ', 'under a name that is meant to confuse')
  const [before, waits] = [readProcessStat(busy.pid)!, readProcessStat(asleep.pid)!]
  let after = before
  while (after.cpuTicks < before.cpuTicks + 5) {
    await delay(20)
    after = readProcessStat(busy.pid)!
  }
  t.equal(after.startTicks, before.startTicks)
  t.ok(readProcessStat(asleep.pid)!.cpuTicks - waits.cpuTicks <= 1)
  const statm = readFileSync(`/proc/${asleep.pid}/statm`, 'utf8').split(' ')
  t.equal(readProcessStat(asleep.pid)!.pages, Number(statm[1]), 'the resident set that statm tells')
  await busy.end()
  t.equal(readProcessStat(busy.pid), undefined)
})

t.test('the size of a page is what getconf says', async (t) => {
  t.equal(readPageBytes(), Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })))
})
