/** PURE but for files that the line names: a typed line -> what is to be done about it. */
import type { Vm } from '../../../policy/api/vm.ts'
import type { Command, CommandTable, Json } from '../../cli/command-table.ts'
import { specialCommands } from '../../cli/commands/special-commands.ts'
import { renderHelp } from '../../cli/help.ts'
import { parseInvocation, type Globals, type Invocation, type Values } from '../../cli/parse.ts'
import type { Place } from '../../cli/read-value.ts'
import { UsageError } from '../../cli/usage-error.ts'
import { readVersion } from '../../version.ts'
import { whyReadOnly, type State } from '../model/state.ts'
import type { World } from '../model/world.ts'
import type { View } from '../model/views.ts'
import { openLog, sourcesOf } from '../screens/log/view.ts'
import { findNetwork } from '../screens/network/lines.ts'
import { imagesView } from '../screens/images/first-view.ts'
import { networksView } from '../screens/networks/screen.ts'
import { eventsView } from '../screens/events/screen.ts'
import { firstView } from '../screens/vms/first-view.ts'
import { splitWords } from './split-words.ts'
import { LEAVING, STARTING_OPTIONS } from './table.ts'

export type CommandPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'leave' }
  /** The screen that shows this; `isRoot` where keys lead straight to it. */
  | { readonly kind: 'show'; readonly view: View; readonly isRoot?: true }
  | { readonly kind: 'text'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'invite'; readonly params: { readonly vpn: string; readonly validSeconds?: number } }
  /** Each of `requests` is one call. */
  | { readonly kind: 'call'; readonly command: Command; readonly requests: readonly Values[]; readonly globals: Globals }
  /** By the program itself, with the whole terminal. */
  | { readonly kind: 'lend'; readonly argv: readonly string[]; readonly waitForKey: boolean; readonly input?: string }

export interface Surroundings {
  readonly table: CommandTable
  readonly place: Place
  readonly home: string
}

/** @throws UsageError where it is no command, or one that cannot be given here */
export function planCommand(line: string, state: State, { table, place, home }: Surroundings): CommandPlan {
  const { words, unclosed } = splitWords(line, home)
  if (unclosed) throw new UsageError(`nothing closes the ${unclosed}`)
  const argv = words.map(({ text }) => text)
  if (argv[0] === 'aetherscale') argv.shift()
  refuseStartingOptions(argv)
  const invocation = parseInvocation(argv, table.commands, { ...place, readFile: (path) => readFile(path, place) })
  switch (invocation.kind) {
    case 'screen':
      return { kind: 'nothing' }
    case 'version':
      return { kind: 'text', title: 'version', lines: [`aetherscale ${readVersion()}`] }
    case 'help':
      return showHelp(invocation.words, table, state)
    case 'command':
      return planInvocation(invocation, argv, state, table)
  }
}

function planInvocation({ command, requests, globals }: Extract<Invocation, { kind: 'command' }>, argv: readonly string[], state: State, table: CommandTable): CommandPlan {
  const called = command.words.join(' ')
  const [params = {}] = requests
  if (LEAVING.includes(called)) return { kind: 'leave' }
  if (called === 'help') return showHelp((params['command'] ?? []) as readonly string[], table, state)
  if (accessOf(called, command, params, table) === 'control') {
    const obstacle = whyReadOnly(state)
    if (obstacle !== undefined) throw new UsageError(`${called}: ${obstacle}`)
  }
  // The screen shows this host, and has no place for others.
  if (globals.cluster || globals.host !== undefined) return lend(called, argv, params)
  const isPlain = !globals.json && !globals.quiet
  if (called === 'vpn invite' && isPlain && requests.length === 1) return { kind: 'invite', params: params as { vpn: string } }
  const shown = isPlain ? screenFor(called, params, state) : undefined
  if (shown) return shown
  if (isSpecial(called)) return lend(called, argv, params)
  return { kind: 'call', command, requests, globals }
}

/** Tokens are secrets: other users of this machine see what a program is started with, and not what it reads. */
function lend(called: string, argv: readonly string[], { token, answer }: Values): CommandPlan {
  const secret = [token, answer].find((value) => typeof value === 'string' && value !== '-')
  const hidden = secret === undefined ? {} : { argv: argv.map((word) => (word === secret ? '-' : word)), input: secret as string }
  return { kind: 'lend', argv, waitForKey: called !== 'vm console', ...hidden }
}

/** `rpc` asks whatever it is given. */
function accessOf(called: string, { access }: Command, params: Values, { methods }: CommandTable): Command['access'] {
  const { method } = params
  return called === 'rpc' && typeof method === 'string' ? (methods[method] ?? 'observe') : access
}

/** What there is a screen for, where nothing is asked beyond what that shows. */
function screenFor(called: string, params: Values, { world }: State): CommandPlan | undefined {
  if (Object.keys(params).length === 0) {
    switch (called) {
      case 'vm list':
        return { kind: 'show', view: firstView, isRoot: true }
      case 'image list':
        return { kind: 'show', view: imagesView, isRoot: true }
      case 'network list':
      case 'vpn list':
        return { kind: 'show', view: networksView, isRoot: true }
      case 'events':
        return { kind: 'show', view: eventsView, isRoot: true }
      case 'doctor':
        return { kind: 'show', view: { screen: 'doctor', top: 0 }, isRoot: true }
    }
  }
  const view = viewOf(called, params, world)
  return view && { kind: 'show', view }
}

/** Of one VM, network or VPN that is known; of any other the daemon says what is wrong. */
function viewOf(called: string, { vm: named, network, vpn, source = 'console', follow: _always, ...others }: Values, world: World): View | undefined {
  const vm = typeof named === 'string' ? findVm(named, world) : undefined
  if (Object.keys(others).length > 0) return undefined
  switch (called) {
    case 'vm get':
      return vm && { screen: 'vm', vm: vm.id, tab: 'facts', scroll: { top: 0 } }
    case 'vm log':
      return vm && { ...openLog(vm), source: source === 'qemu' ? 'qemu' : 'console' }
    case 'vm init-log':
      return vm && sourcesOf(vm).includes('init') ? { ...openLog(vm), source: 'init' } : undefined
    case 'network get':
      return networkView('network', network, world)
    case 'vpn get':
    case 'vpn peer list':
      return networkView('vpn', vpn, world)
    default:
      return undefined
  }
}

function networkView(kind: 'network' | 'vpn', name: Json | undefined, world: World): View | undefined {
  return typeof name === 'string' && findNetwork({ kind, name }, world) ? { screen: 'network', kind, name, top: 0 } : undefined
}

function showHelp(words: readonly string[], table: CommandTable, { size }: State): CommandPlan {
  return { kind: 'text', title: ['help', ...words].join(' '), lines: renderHelp(words, table, size.columns) }
}

function isSpecial(called: string): boolean {
  return (specialCommands as readonly string[]).includes(called)
}

function refuseStartingOptions(argv: readonly string[]): void {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  const given = own.find((word) => STARTING_OPTIONS.some((option) => word === option || word.startsWith(`${option}=`)))
  if (given !== undefined) throw new UsageError(`${given.split('=')[0]} is said when the program starts`, 'leave with q, and start it with that')
}

function readFile(path: string, place: Place): Uint8Array {
  if (path === '-') throw Object.assign(new Error(), { code: 'stdin is the keyboard here; name a file' })
  return place.readFile(path)
}

/** What the label of an operation says, and what it is about, as the contract calls it. */
export function describeCall({ words, positionals }: Command, params: Values, { world }: State): { readonly label: string; readonly subject?: string } {
  const [first] = positionals
  const named: Json | undefined = first && params[first.param]
  if (typeof named !== 'string') return { label: words.join(' ') }
  const vm = first?.completes === 'vm' ? findVm(named, world) : undefined
  return { label: `${words.join(' ')} ${named}`, subject: vm?.id ?? named }
}

function findVm(called: string, { vms }: World): Vm | undefined {
  return vms?.get(called) ?? [...(vms?.values() ?? [])].find(({ name }) => name === called)
}
