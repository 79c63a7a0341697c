/**
 * THE table of keys. What a key does, the hints in the footer and the `?` help are all read from it: a new key is a line
 * here and an action of that name.
 */
import type { ScreenName } from '../model/views.ts'

export interface Binding {
  /** As `readKeys` names them. The first one stands in the footer. */
  readonly keys: readonly [string, ...string[]]
  readonly action: string
  /** For the footer; a binding without one is in the help alone. */
  readonly hint?: string
  /** For the help: a sentence without its full stop. */
  readonly about: string
  /** Changes something: greyed where the connection only observes. */
  readonly changes?: true
  /** Name of the screen that it leads to, for the line that names the screens. */
  readonly tab?: string
}

const everywhere = [
  { keys: ['?'], action: 'help.open', hint: 'help', about: 'Show this help' },
  { keys: [':'], action: 'command.open', hint: 'command', about: 'Type a command of aetherscale; tab completes' },
  { keys: ['esc'], action: 'back', about: 'Back to where you came from; takes away filter and marks first' },
  { keys: ['q'], action: 'quit.orBack', hint: 'quit', about: 'Back, and from the first screen out' },
  { keys: ['ctrl-c'], action: 'quit', about: 'Leave; what the daemon has begun goes on there, but for a build of an image: asks first' },
  { keys: ['ctrl-z'], action: 'suspend', about: 'Back to the shell for a while; fg returns' },
  { keys: ['ctrl-l'], action: 'redraw', about: 'Draw the screen anew' },
  { keys: ['1'], action: 'show.vms', tab: 'VMs', about: 'Virtual machines' },
  { keys: ['2'], action: 'show.images', tab: 'Images', about: 'Images: pulled, imported and built' },
  { keys: ['3'], action: 'show.networks', tab: 'Networks', about: 'Private networks and VPNs' },
  { keys: ['4'], action: 'show.events', tab: 'Events', about: 'What happens, and what the network helper decides' },
  { keys: ['5'], action: 'show.doctor', tab: 'Doctor', about: 'What this host has and lacks' },
] as const satisfies readonly Binding[]

/** On screens with a list. */
const list = [
  { keys: ['j', 'down'], action: 'list.down', about: 'One down' },
  { keys: ['k', 'up'], action: 'list.up', about: 'One up' },
  { keys: ['g', 'home'], action: 'list.first', about: 'To the first' },
  { keys: ['G', 'end'], action: 'list.last', about: 'To the last' },
  { keys: ['ctrl-d'], action: 'list.halfDown', about: 'Half a page down' },
  { keys: ['ctrl-u'], action: 'list.halfUp', about: 'Half a page up' },
  { keys: ['pagedown', 'ctrl-f'], action: 'list.pageDown', about: 'A page down' },
  { keys: ['pageup', 'ctrl-b'], action: 'list.pageUp', about: 'A page up' },
  { keys: ['/'], action: 'filter.open', hint: 'filter', about: 'Show only rows that hold what you type' },
] as const satisfies readonly Binding[]

/** On screens whose text is scrolled through. */
const scroll = [
  { keys: ['j', 'down'], action: 'scroll.down', about: 'One line down' },
  { keys: ['k', 'up'], action: 'scroll.up', about: 'One line up' },
  { keys: ['g', 'home'], action: 'scroll.first', about: 'To the beginning' },
  { keys: ['G', 'end'], action: 'scroll.last', about: 'To the end' },
  { keys: ['ctrl-d'], action: 'scroll.halfDown', about: 'Half a page down' },
  { keys: ['ctrl-u'], action: 'scroll.halfUp', about: 'Half a page up' },
  { keys: ['pagedown', 'ctrl-f', 'space'], action: 'scroll.pageDown', about: 'A page down' },
  { keys: ['pageup', 'ctrl-b'], action: 'scroll.pageUp', about: 'A page up' },
] as const satisfies readonly Binding[]

/** What can be done to a VM, wherever one is shown. */
const anyVm = [
  { keys: ['s'], action: 'vm.start', hint: 'start', about: 'Start it, or let a paused one go on', changes: true },
  { keys: ['x'], action: 'vm.stop', hint: 'stop', about: 'Ask the guest to power down; after 60 s end it', changes: true },
  { keys: ['r'], action: 'vm.restart', hint: 'restart', about: 'Stop it, and start it again', changes: true },
  { keys: ['l'], action: 'log.open', hint: 'log', about: 'What its console, QEMU and its first boot have printed' },
  { keys: ['t'], action: 'vm.console', hint: 'console', about: 'Its serial console, with the whole terminal; ctrl-] comes back', changes: true },
  { keys: ['d', 'delete'], action: 'vm.delete', hint: 'delete', about: 'Delete it with its disk', changes: true },
  { keys: ['X'], action: 'vm.force', hint: 'force', about: 'End it without asking the guest', changes: true },
  { keys: ['p'], action: 'vm.pause', hint: 'pause', about: 'Hold it still, its memory kept, or let it go on', changes: true },
] as const satisfies readonly Binding[]

const vms = [
  { keys: ['enter'], action: 'vm.open', hint: 'open', about: 'Show it: what it is, what it uses, what would be run' },
  ...anyVm,
  { keys: ['space'], action: 'list.mark', hint: 'mark', about: 'Mark it: the keys above then are for all that are marked' },
  { keys: ['*'], action: 'list.markAll', about: 'Mark all that are shown, or none' },
  { keys: ['o'], action: 'vms.sort', about: 'Sort by the next column' },
  { keys: ['O'], action: 'vms.reverse', about: 'Sort the other way round' },
] as const satisfies readonly Binding[]

const vm = [
  { keys: ['tab', 'shift-tab'], action: 'vm.tab', hint: 'facts/plan', about: 'What would be run: command line, files, networks, unit; and back' },
  ...anyVm,
] as const satisfies readonly Binding[]

const log = [
  { keys: ['tab'], action: 'log.source', hint: 'other log', about: 'What the console, QEMU and the first boot have printed, one after the other' },
  { keys: ['f'], action: 'log.follow', hint: 'follow', about: 'Stay at the end when more comes, or stand still' },
  { keys: ['/'], action: 'filter.open', hint: 'search', about: 'Search for what you type; capital letters count where there is one' },
  { keys: ['n'], action: 'log.next', hint: 'next', about: 'The next line that holds it' },
  { keys: ['N'], action: 'log.previous', about: 'The one before' },
  { keys: ['w'], action: 'log.wrap', hint: 'wrap', about: 'Wrap long lines, or cut them' },
  { keys: ['t'], action: 'vm.console', hint: 'console', about: 'The serial console, with the whole terminal; ctrl-] comes back', changes: true },
] as const satisfies readonly Binding[]

const network = [
  { keys: ['i'], action: 'network.invite', hint: 'invite', about: 'Of a VPN: make a token by which another host joins it', changes: true },
  { keys: ['d', 'delete'], action: 'network.delete', hint: 'delete', about: 'Delete it; it must have no VMs on it', changes: true },
] as const satisfies readonly Binding[]

const networks = [
  { keys: ['enter', 'l'], action: 'network.open', hint: 'open', about: 'Who is on it' },
  ...network,
  { keys: ['c'], action: 'network.create', hint: 'create', about: 'Begin the command that makes a private network', changes: true },
] as const satisfies readonly Binding[]

const events = [
  { keys: ['tab'], action: 'events.about', hint: 'all/VMs/helper', about: 'Show all events, those of VMs, or what the network helper decided' },
  { keys: ['enter', 'l'], action: 'event.open', hint: 'open', about: 'All that one of them says' },
] as const satisfies readonly Binding[]

const doctor = [{ keys: ['r'], action: 'doctor.ask', hint: 'check again', about: 'Check the host again' }] as const satisfies readonly Binding[]

const newVm = [{ keys: ['c'], action: 'create.open', hint: 'create', about: 'Make a VM', changes: true }] as const satisfies readonly Binding[]

const images = [
  { keys: ['p'], action: 'pull.open', hint: 'pull', about: 'Download an image of the catalogue, or by its URL', changes: true },
  { keys: ['i'], action: 'import.open', hint: 'import', about: 'Bring in a disk file of this host', changes: true },
  { keys: ['b'], action: 'build.open', hint: 'build', about: "Build an image of Debian's packages", changes: true },
  { keys: ['c', 'enter'], action: 'create.open', hint: 'create VM', about: 'Make a VM of it', changes: true },
  { keys: ['d', 'delete'], action: 'image.delete', hint: 'delete', about: 'Delete it; of one that is being pulled, give that up', changes: true },
] as const satisfies readonly Binding[]

/** On screens that are a form. Typed text goes to the field before it is looked for here. */
const form = [
  { keys: ['enter'], action: 'form.enter', hint: 'next', about: 'To the next field; in the last one, on with what is in the form' },
  { keys: ['ctrl-s'], action: 'form.submit', hint: 'go on', about: 'On with what is in the form' },
  { keys: ['tab'], action: 'form.complete', about: 'To the next field; in a path, completes it' },
  { keys: ['down'], action: 'form.next', about: 'To the next field' },
  { keys: ['up', 'shift-tab'], action: 'form.previous', about: 'To the field before' },
  { keys: ['pageup'], action: 'form.first', about: 'To the first field' },
  { keys: ['pagedown'], action: 'form.last', about: 'To the last field' },
  { keys: ['right'], action: 'form.choiceAfter', about: 'Of a choice, the next one; a letter is the next that begins so' },
  { keys: ['left'], action: 'form.choiceBefore', about: 'Of a choice, the one before' },
  { keys: ['space'], action: 'form.openChoices', hint: 'choices', about: 'All that there is to choose from' },
  { keys: ['esc'], action: 'form.leave', hint: 'leave', about: 'Leave the form; asks first where something would be lost' },
  { keys: ['?'], action: 'help.open', hint: 'help', about: 'Show this help, where no text is typed' },
] as const satisfies readonly Binding[]

const plan = [
  { keys: ['enter', 'ctrl-s'], action: 'plan.carryOut', hint: 'create it', about: 'Make the VM and start it', changes: true },
  { keys: ['esc', 'q'], action: 'back', hint: 'back', about: 'Back to the form; nothing is done' },
  { keys: ['?'], action: 'help.open', hint: 'help', about: 'Show this help' },
] as const satisfies readonly Binding[]

const screens = {
  vms: [...newVm, ...vms],
  vm,
  log,
  networks,
  network,
  events,
  doctor,
  invitation: [],
  output: [],
  images,
  create: [],
  import: [],
  pull: [],
  build: [],
  plan,
} as const satisfies Record<ScreenName, readonly Binding[]>

/** Screens with a list, to whose keys those of lists are added. */
const withList: ReadonlySet<ScreenName> = new Set(['vms', 'images', 'networks', 'events'])

/** Screens that are a form, all of whose keys are those of forms. */
const withForm: ReadonlySet<ScreenName> = new Set(['create', 'import', 'pull', 'build'])

/** What leads elsewhere has no place where it would lose what was typed. */
const insideForm = everywhere.filter(({ keys: [key] }) => key.startsWith('ctrl-'))

/** Screens that are scrolled through. */
const withScroll: ReadonlySet<ScreenName> = new Set(['vm', 'log', 'network', 'doctor', 'invitation', 'output', 'plan'])

type Bindings = typeof everywhere | typeof list | typeof scroll | typeof form | (typeof screens)[ScreenName]
export type ActionName = Bindings[number]['action']
export type KnownBinding = Binding & { readonly action: ActionName }

/** All bindings of a screen, by where they belong; what comes first goes before. */
export function bindingsOf(screen: ScreenName): readonly { readonly title: string; readonly bindings: readonly KnownBinding[] }[] {
  return [
    ...(screens[screen].length > 0 ? [{ title: 'Here', bindings: screens[screen] }] : []),
    ...(withList.has(screen) ? [{ title: 'In the list', bindings: list }] : []),
    ...(withScroll.has(screen) ? [{ title: 'In the text', bindings: scroll }] : []),
    ...(withForm.has(screen) ? [{ title: 'In the form', bindings: form }] : []),
    { title: 'Everywhere', bindings: screen === 'plan' || withForm.has(screen) ? insideForm : everywhere },
  ]
}

/** What keys do while something is over the screen, or is being typed; for the footer alone. */
export const overlays = {
  help: [
    { keys: ['j'], hint: 'down' },
    { keys: ['k'], hint: 'up' },
    { keys: ['any other key'], hint: 'closes' },
  ],
  dialog: [
    { keys: ['tab'], hint: 'other button' },
    { keys: ['enter'], hint: 'press it' },
    { keys: ['esc'], hint: 'cancel' },
  ],
  filter: [
    { keys: ['enter'], hint: 'keep' },
    { keys: ['esc'], hint: 'as before' },
  ],
  command: [
    { keys: ['tab'], hint: 'complete' },
    { keys: ['enter'], hint: 'run' },
    { keys: ['esc'], hint: 'leave' },
  ],
} as const satisfies Record<string, readonly Pick<Binding, 'keys' | 'hint'>[]>

/** The screens that a key leads to from everywhere. */
export const tabs: readonly KnownBinding[] = everywhere.filter((binding) => 'tab' in binding)

export function findBinding(screen: ScreenName, key: string): KnownBinding | undefined {
  for (const { bindings } of bindingsOf(screen)) {
    const found = bindings.find(({ keys }) => keys.includes(key))
    if (found) return found
  }
  return undefined
}
