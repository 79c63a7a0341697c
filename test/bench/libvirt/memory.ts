/** What services take that are there whether a VM runs or not. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Memory {
  readonly residentMiB: number
  /** What is shared with other processes counted by its share (proc(5), smaps_rollup). */
  readonly proportionalMiB: number
}

/** The main processes of units, summed up; those that do not run take nothing. `manager` are options of systemctl(1). */
export function measureUnits(units: readonly string[], ...manager: readonly string[]): Memory {
  const pids = units.map((unit) => mainPid(unit, manager)).filter((pid) => pid !== 0)
  const sizes = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  const sum = (key: string): number =>
    sizes.reduce((total, text) => total + Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024, 0)
  return { residentMiB: sum('Rss'), proportionalMiB: sum('Pss') }
}

export function add(one: Memory, other: Memory): Memory {
  return { residentMiB: one.residentMiB + other.residentMiB, proportionalMiB: one.proportionalMiB + other.proportionalMiB }
}

function mainPid(unit: string, manager: readonly string[]): number {
  const { status, stdout, stderr } = spawnSync('systemctl', [...manager, 'show', '--property=MainPID', '--value', unit], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`systemctl show ${unit}: ${stderr}`)
  return Number(stdout)
}
