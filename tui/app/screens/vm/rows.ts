/** PURE: all rows of a VM's screen, of which the window shows some. */
import type { Vm } from '../../../../policy/api/vm.ts'
import type { Size, State } from '../../model/state.ts'
import type { VmView } from '../../model/views.ts'
import { formatSpan } from '../../text/ago.ts'
import { putBeside, type Line } from '../../text/line.ts'
import type { Advance } from '../../text/progress.ts'
import { wrapWords } from '../../text/wrap.ts'
import type { Glyphs } from '../../theme/glyphs.ts'
import { nameOf } from '../vms/rows.ts'
import { drawFacts, factsOf } from './facts.ts'
import { drawInterfaces } from './interfaces.ts'
import { drawPlan } from './plan.ts'
import { drawCpu, drawMemory } from './usage.ts'

export type VmRow = { readonly line: Line } | { readonly advance: Advance }

export interface VmLook {
  readonly size: Size
  readonly glyphs: Glyphs
  /** Graphs are nothing that can be read out. */
  readonly readAloud?: boolean
}

export function vmRows(view: VmView, state: State, look: VmLook): VmRow[] {
  const vm = state.world.vms?.get(view.vm)
  if (!vm) return []
  return view.tab === 'plan' ? planRows(view, state, look) : [...newsRows(vm, state, look), ...factRows(vm, state, look).map((line) => ({ line }))]
}

/** What one has come for, if there is any: what is wrong, and what is under way. */
function newsRows(vm: Vm, state: State, { size }: VmLook): VmRow[] {
  const wrong = [vm.problem, firstBootFailure(vm)].flatMap((text) => (text === undefined ? [] : inRed(text, size)))
  const advances = advancesOf(vm, state).map((advance) => ({ advance }))
  return [...wrong, ...advances, ...(wrong.length + advances.length > 0 ? [{ line: [] }] : [])]
}

/** `l` is the key of the log. */
function firstBootFailure({ firstBoot }: Vm): string | undefined {
  if (firstBoot?.state !== 'failed') return undefined
  const how = firstBoot.exitCode === undefined ? 'the machine went down while it ran' : `exit status ${firstBoot.exitCode}`
  return `The first boot failed: ${how}. Press l for its log.`
}

function inRed(text: string, { columns }: Size): VmRow[] {
  return wrapWords(text.split(' '), columns, 0).map((row) => ({ line: [{ text: row, meaning: 'broken' }] }))
}

/** What this client has asked for, and what others have, of which the daemon tells no more than its name. */
export function advancesOf(vm: Vm, { world, now }: State): Advance[] {
  const own = world.operations.filter(({ subject }) => subject === vm.id)
  const isOwn = vm.operation === undefined || own.some(({ method }) => method.split('.').includes(vm.operation!))
  return [
    ...own.map(({ label, message, fraction, startedAt }) => ({ label, message: message ?? `for ${formatSpan(now - startedAt)} now`, fraction })),
    ...(isOwn ? [] : [{ label: `${vm.operation} ${nameOf(vm)}`, message: 'begun by someone else' }]),
  ]
}

/** From so many columns on facts and graphs are beside each other, and from so many the facts in two columns. */
const WIDE = 100
const MIDDLE = 72
const GAP = 2

function factRows(vm: Vm, state: State, { size, glyphs, readAloud = false }: VmLook): Line[] {
  const { columns: width, rows } = size
  const facts = factsOf(vm, state.now)
  const interfaces: Line[] = [[{ text: 'Networks', look: 'bold' }], ...(vm.networks.length === 0 ? [[{ text: 'none' }]] : drawInterfaces(vm))]
  const isMeasured = vm.pid !== undefined || (state.world.usage.get(vm.id)?.length ?? 0) > 0
  const graphsOf = (cells: number): readonly [cpu: Line[], memory: Line[]] => {
    if (!isMeasured) return [[], []]
    const graph = { width: cells, height: heightOfGraph(rows) }
    const both = [drawCpu(vm, state, graph, glyphs), drawMemory(vm, state, graph, glyphs)] as const
    return readAloud ? [both[0].slice(0, 1), both[1].slice(0, 1)] : both
  }
  const half = Math.floor((width - GAP) / 2)
  const beside = { width: half, gap: GAP, ellipsis: glyphs.ellipsis }
  if (width >= WIDE && !readAloud) {
    const [cpu, memory] = graphsOf(width - half - GAP)
    return putBeside([...drawFacts(facts, 1)[0], [], ...interfaces], [...cpu, [], ...memory], beside)
  }
  if (width >= MIDDLE && !readAloud) return [...putBeside(...drawFacts(facts, 2), beside), [], ...interfaces, [], ...putBeside(...graphsOf(half), beside)]
  const [cpu, memory] = graphsOf(width)
  return [...drawFacts(facts, 1)[0], [], ...interfaces, [], ...cpu, [], ...memory]
}

function heightOfGraph(rows: number): number {
  return rows >= 30 ? 8 : rows >= 20 ? 3 : 2
}

function planRows(view: VmView, { world }: State, { size }: VmLook): VmRow[] {
  const { items, error } = world.plans.get(view.vm) ?? {}
  const failed = error === undefined ? [] : inRed(error, size)
  if (items) return [...failed, ...drawPlan(items, size.columns).map((line) => ({ line }))]
  return failed.length > 0 ? failed : [{ line: [{ text: 'The daemon is asked what it would run', look: 'dim' }] }]
}
