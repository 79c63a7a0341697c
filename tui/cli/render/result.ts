/** Results for people: a list is a table, anything else facts, but for the few methods that have a better way to say it. */
import type { MethodName, Result } from '../../../policy/api/index.ts'
import type { VmStats } from '../../../policy/api/stats.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import type { Command, Json } from '../command-table.ts'
import { formatBytes, formatQuantity } from '../quantity.ts'
import { escapeControls } from './escape.ts'
import { alignColumns } from './layout.ts'
import type { Paint } from './paint.ts'
import { formatCell, formatFact, labelOf } from './value.ts'

type Row = Readonly<Record<string, Json>>
type Sayings = { readonly [M in MethodName]?: (result: Result<M>, paint: Paint) => string[] }

/** The lines of a result; none for an empty list, about which {@link emptyNote} has something to say. */
export function renderResult(command: Command, result: Json, paint: Paint): string[] {
  const say = sayings[command.method as MethodName] as ((result: Json, paint: Paint) => string[]) | undefined
  if (say) return say(result, paint)
  if (!isRow(result)) return [formatCell('', result)]
  if (command.table) return renderTable(rowsOf(command, result), command.table.columns, paint)
  return renderFacts(result, paint)
}

/** Ids, or names where there are no ids, of what the result is about; `undefined` where it is about nothing that has one. */
export function identify(command: Command, result: Json): string[] | undefined {
  const rows = command.table ? rowsOf(command, result) : [isRow(result) && isRow(result['vm']) ? result['vm'] : result]
  const ids = rows.map((row) => (isRow(row) ? (row['id'] ?? (command.table && row['vm']) ?? row['name']) : undefined))
  return ids.every((id) => typeof id === 'string') ? ids.map((id) => escapeControls(id)) : undefined
}

/** What to do when there is nothing to show. */
export function emptyNote(command: Command, result: Json, filtered: boolean): string | undefined {
  if (!command.table || rowsOf(command, result).length > 0) return undefined
  if (command.method === 'vm.stats') return 'none runs'
  if (filtered) return `none of the ${command.table.rows} match`
  if (command.method === 'vm.list') return 'no VMs; make one: aetherscale vm create IMAGE'
  if (command.method === 'image.list') return 'no images; pull one of aetherscale image catalogue, or a URL: aetherscale image pull NAME'
  if (command.method === 'network.list') return 'no private networks; make one: aetherscale network create NAME'
  return `no ${command.table.rows}`
}

function renderTable(rows: readonly Row[], columns: readonly string[], paint: Paint): string[] {
  if (rows.length === 0) return []
  const shown = columns.slice(0, columns.findLastIndex((column) => rows.some((row) => formatCell(column, row[column]) !== '')) + 1)
  const body = rows.map((row) =>
    shown.map((column) => {
      const cell = formatCell(column, row[column])
      return paint(cell || '-', coloured.has(column) ? cell : '')
    }),
  )
  return alignColumns([shown.map((column) => labelOf(column).toUpperCase()), ...body])
}

/** Properties whose values are told apart by colour. */
const coloured: ReadonlySet<string> = new Set(['state', 'status'])

function renderFacts(result: Row, paint: Paint): string[] {
  const facts = flatten(result).flatMap(([label, property, value]) => {
    const [first = '', ...rest] = formatFact(property, value)
    return first === '' ? [] : [[`${label}:`, paint(first, coloured.has(property) ? first : '')], ...rest.map((line) => ['', line])]
  })
  return alignColumns(facts)
}

/** A structure's own properties, one level down, are facts of their own: `accelerator kind`. */
function flatten(result: Row, prefix = ''): [label: string, property: string, value: Json][] {
  return Object.entries(result).flatMap(([property, value]) =>
    isRow(value)
      ? flatten(value, `${prefix}${labelOf(property)} `)
      : [[`${prefix}${labelOf(property)}`, property, value] as [string, string, Json]],
  )
}

const sayings: Sayings = {
  'vm.start': ({ vm }, paint) => [sayState(vm, paint)],
  'vm.stop': ({ vm, endedBy }, paint) => [`${sayState(vm, paint)}${endings[endedBy]}`],
  'vm.restart': ({ vm, endedBy }, paint) => [`${sayState(vm, paint)}${endings[endedBy]}`],
  'vm.delete': ({ id }) => [`${id} is deleted`],
  'vm.stats': ({ vms }) => sayUse(vms),
  'vm.suspend': ({ vm }, paint) => [sayState(vm, paint)],
  'vm.resume': ({ vm }, paint) => [sayState(vm, paint)],
  'vm.resize': ({ vm }) => [saySizes(vm)],
  'vm.snapshot.create': ({ name, consistency }) => [`${escapeControls(name)} is made: ${consistencies[consistency]}`],
  'vm.snapshot.restore': (vm) => [saySizes(vm)],
  'vm.snapshot.delete': ({ name }) => [`${name} is deleted`],
  'image.delete': ({ name }) => [`${name} is deleted`],
  'network.delete': ({ name }) => [`${name} is deleted`],
  'system.metrics': ({ text }) => escapeControls(text.trimEnd(), '\n').split('\n'),
  'vm.plan': ({ commands, files, networks, unit }) => [
    ...commands.flatMap(({ purpose, argv }) => [`# ${escapeControls(purpose)}`, argv.map(quoteWord).join(' ')]),
    ...files.map((file, index) => `${index === 0 ? '# files: ' : '#        '}${escapeControls(file)}`),
    ...networks.map((network, index) => `${index === 0 ? '# networks: ' : '#           '}${escapeControls(network)}`),
    ...(unit === undefined ? [] : ['# unit:', ...unit.trimEnd().split('\n').map((line) => `#   ${escapeControls(line)}`.trimEnd())]),
  ],
}

const endings: Record<Result<'vm.stop'>['endedBy'], string> = {
  'already-stopped': '',
  guest: '; the guest powered down',
  sigterm: '; ended by SIGTERM',
  sigkill: '; ended by SIGKILL',
}

const consistencies: Record<Result<'vm.snapshot.create'>['consistency'], string> = {
  clean: 'of a stopped VM',
  filesystem: 'the guest had written out its file systems',
  crash: 'of a guest that ran on, as after a power cut',
}

function saySizes(vm: Vm): string {
  const { vcpus, memoryMiB } = vm.atNextStart ?? vm
  const called = vm.name ?? vm.id
  const when = vm.atNextStart ? ', from its next start on' : ''
  return `${called} has a disk of ${formatQuantity(vm.diskMiB, 'MiB')}; CPUs: ${vcpus}, memory: ${formatQuantity(memoryMiB, 'MiB')}${when}`
}

function sayUse(vms: readonly VmStats[]): string[] {
  if (vms.length === 0) return []
  const rows = vms.map(({ vm, name, cpuPercent, cpuSeconds, memoryBytes }) => [
    vm,
    name ?? '-',
    cpuPercent === undefined ? '-' : `${cpuPercent.toFixed(1)}%`,
    formatQuantity(cpuSeconds, 's'),
    formatBytes(memoryBytes),
  ])
  return alignColumns([['ID', 'NAME', 'CPU', 'CPU TIME', 'MEMORY'], ...rows])
}

function sayState(vm: Vm, paint: Paint): string {
  const called = vm.name === undefined ? vm.id : `${vm.name} (${vm.id})`
  return `${called} is ${paint(vm.state, vm.state)}`
}

/** A word as a shell reads it; control characters in the form of $'…'. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  const escaped = escapeControls(word)
  if (escaped === word) return `'${word.replaceAll("'", `'\\''`)}'`
  return `$'${escapeControls(word.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`
}

/** None where the result has no such list; what is no row in it is left out. */
export function rowsOf(command: Command, result: Json): readonly Row[] {
  const rows = isRow(result) && command.table ? result[command.table.rows] : undefined
  return Array.isArray(rows) ? rows.filter(isRow) : []
}

function isRow(value: Json | undefined): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
