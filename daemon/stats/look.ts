/** One look at what VMs use, and what follows from the one before. */
import type { StatsSample, VmStats } from '../../policy/api/stats.ts'
import { isQemu } from '../service/process.ts'
import type { Live } from '../vm/live.ts'
import type { Entry, VmTable } from '../vm/table.ts'
import { readPageBytes, readProcessStat, TICK_MS, type ProcessStat } from './process-stat.ts'

/** What was read of each QEMU, and when by a clock that nobody sets. */
export type Look = ReadonlyMap<Live, Reading>

interface Usage {
  readonly stat: Pick<ProcessStat, 'cpuTicks'>
  readonly atMs: number
}

interface Reading extends Usage {
  readonly entry: Entry
  readonly stat: ProcessStat
}

export interface Observer {
  /** Reads what these VMs use now, or all; those that do not run, or are known no more, are left out. */
  look(entries: Iterable<Entry> | undefined): Look
  /** `before` gives the percentages: a VM that is not in it has none. */
  compare(before: Look, look: Look): StatsSample
}

export function createObserver(table: Pick<VmTable, 'entries' | 'get'>, read = readProcessStat): Observer {
  const pageBytes = readPageBytes()
  /** When the process began that was found to be the VM's: a pid may be another process's by now. */
  const starts = new WeakMap<Live, number>()

  const readOwn = ({ id }: Entry, live: Live): ProcessStat | undefined => {
    if (table.get(id)?.live !== live) return undefined
    const stat = read(live.pid)
    if (stat && !starts.has(live) && isQemu(live.pid)) starts.set(live, stat.startTicks)
    return stat && starts.get(live) === stat.startTicks ? stat : undefined
  }

  const describe = ({ entry, stat }: Reading, cpuPercent: number | undefined): VmStats => ({
    vm: entry.id,
    ...(entry.record.name !== undefined && { name: entry.record.name }),
    cpuSeconds: (stat.cpuTicks * TICK_MS) / 1000,
    ...(cpuPercent !== undefined && { cpuPercent }),
    memoryBytes: stat.pages * pageBytes,
  })

  return {
    look(entries = table.entries()) {
      const readings = new Map<Live, Reading>()
      for (const entry of entries) {
        const { live } = entry
        const stat = live && readOwn(entry, live)
        if (stat) readings.set(live, { entry, stat, atMs: performance.now() })
      }
      return readings
    },
    compare: (before, look) => ({
      at: new Date().toISOString(),
      vms: Array.from(look, ([live, reading]) => describe(reading, percentBetween(before.get(live), reading))),
    }),
  }
}

/** Ticks are ten milliseconds: of a shorter time they say too little. */
const SHORTEST_MS = 200

/** PURE: of one CPU, to a tenth, over the time that has really passed. */
export function percentBetween(before: Usage | undefined, after: Usage): number | undefined {
  if (!before || after.atMs - before.atMs < SHORTEST_MS) return undefined
  const usedMs = (after.stat.cpuTicks - before.stat.cpuTicks) * TICK_MS
  return Math.round((usedMs / (after.atMs - before.atMs)) * 1000) / 10
}
