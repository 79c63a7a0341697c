/** What a daemon takes to hold its records, and how long it needs to read them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { residentMiB, startHost } from './host.ts'
import { median, type Row } from './measure.ts'

/** Long enough for a start's garbage to be collected or not, as it would be in use. */
export const SETTLE_MS = 1000
const ROUNDS = 3

export async function benchMemory(): Promise<Row[]> {
  const node = await idleNodeMiB()
  const rows: Row[] = []
  const starts = new Map<number, number>()
  for (const records of [0, 200, 2000]) {
    const sizes: number[] = []
    const times: number[] = []
    for (let i = 0; i < ROUNDS; i++) {
      const host = await startHost(records)
      times.push(host.startedWithinMs)
      await delay(SETTLE_MS)
      sizes.push(residentMiB(host.pid))
      await host.stop()
    }
    starts.set(records, median(times))
    rows.push({
      what: `daemon's resident memory, ${records} records, to an idle node`,
      ours: `${median(sizes).toFixed(0)} MiB`,
      baseline: `${node.toFixed(0)} MiB`,
      value: median(sizes) / node,
      unit: '×',
    })
  }
  const [empty = 0, full = 0] = [starts.get(0), starts.get(2000)]
  rows.push({
    what: "daemon's start until it answers, 2,000 records, to none",
    ours: `${full.toFixed(0)} ms`,
    baseline: `${empty.toFixed(0)} ms`,
    value: full / empty,
    unit: '×',
  })
  return rows
}

export async function idleNodeMiB(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)'], { stdio: 'ignore' })
  await delay(SETTLE_MS)
  const size = residentMiB(child.pid!)
  const ended = once(child, 'exit')
  child.kill()
  await ended
  return size
}
