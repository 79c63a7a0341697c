/** PURE: what a VM is, as labels and values. */
import type { Vm } from '../../../../policy/api/vm.ts'
import { formatQuantity } from '../../../cli/quantity.ts'
import { formatMoment, formatSpan } from '../../text/ago.ts'
import type { Line, Span } from '../../text/line.ts'

interface Fact {
  readonly label: string
  readonly value: string
  /** What the value's colour says. */
  readonly meaning?: string
}

export function factsOf(vm: Vm, now: number): Fact[] {
  const { atNextStart: next, unit } = vm
  const facts: (Fact | undefined)[] = [
    { label: 'State', value: vm.state, meaning: vm.state },
    { label: 'Id', value: vm.id },
    { label: 'Image', value: vm.image },
    { label: 'CPUs', value: String(vm.vcpus) + atNextStart(next && next.vcpus !== vm.vcpus, String(next?.vcpus)) },
    { label: 'Memory', value: formatQuantity(vm.memoryMiB, 'MiB') + atNextStart(next && next.memoryMiB !== vm.memoryMiB, formatQuantity(next?.memoryMiB ?? 0, 'MiB')) },
    { label: 'Disk', value: formatQuantity(vm.diskMiB, 'MiB') },
    fact('CPU limit', vm.cpuPercent === undefined ? undefined : `${vm.cpuPercent}% of one CPU`),
    fact('Up since', vm.startedAt === undefined ? undefined : `${formatMoment(vm.startedAt)} (${formatSpan(now - Date.parse(vm.startedAt))})`),
    fact('Runs by', vm.accelerator === 'tcg' ? 'tcg, without KVM' : vm.accelerator),
    fact('Process', vm.pid === undefined ? undefined : String(vm.pid)),
    { label: 'Agent', value: vm.agent },
    firstBootOf(vm),
    { label: 'Autostart', value: vm.autostart ? 'yes' : 'no' },
    { label: 'Restart', value: vm.restart },
    { label: 'Created', value: formatMoment(vm.createdAt) },
    { label: 'Machine', value: vm.machine },
    fact('Unit', unit && [unit.state, unit.enabled ? 'enabled' : '', unit.isolated ? '' : 'not isolated'].filter(Boolean).join(', ')),
  ]
  return facts.filter((each) => each !== undefined)
}

function fact(label: string, value: string | undefined): Fact | undefined {
  return value === undefined ? undefined : { label, value }
}

function atNextStart(differs: boolean | undefined, then: string): string {
  return differs ? ` (${then} at next start)` : ''
}

function firstBootOf({ firstBoot }: Vm): Fact | undefined {
  if (!firstBoot) return undefined
  const { via, state } = firstBoot
  if (state === undefined) return { label: 'First boot', value: `by ${via}, nothing to run` }
  return { label: 'First boot', value: state, meaning: firstBootMeanings[state] }
}

const firstBootMeanings = { pending: 'starting', running: 'starting', done: 'ok', failed: 'broken' } as const

const LABEL = 12

function lineOf({ label, value, meaning }: Fact): Line {
  const shown: Span = { text: value, ...(meaning !== undefined && { meaning }) }
  return [{ text: label.padEnd(LABEL), look: 'dim' }, shown]
}

/** In so many columns, read downwards. */
export function drawFacts(facts: readonly Fact[], columns: 1 | 2): readonly [left: Line[], right: Line[]] {
  const lines = facts.map(lineOf)
  const half = columns === 1 ? lines.length : Math.ceil(lines.length / 2)
  return [lines.slice(0, half), lines.slice(half)]
}
