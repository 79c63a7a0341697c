/** PURE: what a VM has used in the last minutes, as graphs. */
import type { Vm } from '../../../../policy/api/vm.ts'
import { formatBytes } from '../../../cli/quantity.ts'
import type { State } from '../../model/state.ts'
import { usageNow, type UsagePoint } from '../../model/world.ts'
import { formatSpan } from '../../text/ago.ts'
import { drawGraph, niceTop, sampleColumns, type GraphPoint } from '../../text/graph.ts'
import type { Line } from '../../text/line.ts'
import type { Glyphs } from '../../theme/glyphs.ts'

export interface GraphSize {
  /** Cells of the whole line. */
  readonly width: number
  /** Rows of the graph itself; above it is a line with the value, below one with the time. */
  readonly height: number
}

/** Cells of the scale, with the blank behind it. */
const SCALE = 9
const SPAN_MS = 300_000
/** There is a look each three seconds (stats-feed.ts), one now and then late. */
const SHORTEST_STEP_MS = 4000

export function drawCpu(vm: Vm, state: State, size: GraphSize, glyphs: Glyphs): Line[] {
  const points = pointsOf(vm, state, ({ cpuPercent }) => cpuPercent)
  const now = nowOf(vm, state)?.cpuPercent
  const title = titleOf('CPU', now === undefined ? undefined : `${now.toFixed(1)}%`, vm.vcpus === 1 ? 'of its one CPU' : `of ${vm.vcpus} CPUs, ${vm.vcpus * 100}%`)
  return [title, ...drawPoints(points, { ...size, now: state.now, topOf: niceTop, scale: (value) => `${value}%` }, glyphs)]
}

export function drawMemory(vm: Vm, state: State, size: GraphSize, glyphs: Glyphs): Line[] {
  const points = pointsOf(vm, state, ({ memoryBytes }) => memoryBytes)
  const now = nowOf(vm, state)?.memoryBytes
  const given = vm.memoryMiB * 2 ** 20
  // QEMU needs some of its own beside the guest's, so the two may be in either order.
  const title = titleOf('Memory', now === undefined ? undefined : formatBytes(now), `(guest: ${formatBytes(given)})`)
  return [title, ...drawPoints(points, { ...size, now: state.now, topOf: (most) => roundMemory(Math.max(most, given)), scale: formatBytes }, glyphs)]
}

/** What has ended since the last look uses nothing now. */
function nowOf({ id, pid }: Vm, { world, now }: State): UsagePoint | undefined {
  return pid === undefined ? undefined : usageNow(world, id, now)
}

/** Up to what can be told in few characters. */
function roundMemory(bytes: number): number {
  const step = bytes > 2 ** 30 ? 2 ** 28 : 2 ** 26
  return Math.ceil(bytes / step) * step
}

function pointsOf(vm: Vm, { world }: State, valueOf: (point: UsagePoint) => number | undefined): GraphPoint[] {
  return (world.usage.get(vm.id) ?? []).flatMap((point) => {
    const value = valueOf(point)
    return value === undefined ? [] : [{ at: point.at, value }]
  })
}

function titleOf(name: string, now: string | undefined, whole: string): Line {
  return [{ text: name, look: 'bold' }, { text: now === undefined ? '' : ` ${now} ` }, { text: now === undefined ? '' : whole, look: 'dim' }]
}

interface Drawing extends GraphSize {
  readonly now: number
  readonly topOf: (most: number) => number
  readonly scale: (value: number) => string
}

function drawPoints(points: readonly GraphPoint[], { width, height, now, topOf, scale }: Drawing, glyphs: Glyphs): Line[] {
  if (glyphs.levels.length === 0) return []
  const columns = Math.max(1, width - SCALE)
  const step = Math.max(SHORTEST_STEP_MS, Math.ceil(SPAN_MS / columns / 1000) * 1000)
  const values = sampleColumns(points, { columns, step, now })
  const top = topOf(Math.max(0, ...values.map((value) => value ?? 0)))
  const rows = drawGraph(values, { height, top, levels: glyphs.levels }).map((row, index): Line => {
    const label = index === 0 ? scale(top) : index === height - 1 ? scale(0) : ''
    return [{ text: `${label.padStart(SCALE - 1)} `, look: 'dim' }, { text: row, meaning: 'graph' }]
  })
  const from = `${formatSpan(columns * step)} ago`
  const axis = ' '.repeat(SCALE) + from + 'now'.padStart(Math.max(4, columns - from.length))
  return [...rows, [{ text: axis, look: 'dim' }]]
}
