/** What a screen remembers of itself. Everything else that it shows is in the world. */
import type { Result, ParamsInput } from '../../../policy/api/index.ts'
import type { FormState } from '../form/form.ts'
import type { ListState } from './list.ts'
import type { LogSource } from './log-text.ts'
import type { ScrollState } from './scroll.ts'

export interface VmsView {
  readonly screen: 'vms'
  readonly list: ListState
  readonly sort: { readonly by: VmColumn; readonly descending: boolean }
}
export type VmColumn = 'name' | 'state' | 'image' | 'cpu' | 'memory' | 'uptime'

export interface VmView {
  readonly screen: 'vm'
  /** Its id. */
  readonly vm: string
  readonly tab: 'facts' | 'plan'
  readonly scroll: ScrollState
}

export interface LogView {
  readonly screen: 'log'
  /** Id of the VM. */
  readonly vm: string
  readonly source: LogSource
  /** Whether the end is shown, also when more comes. */
  readonly follow: boolean
  readonly wrap: boolean
  /** The uppermost row while it does not follow; the line -Infinity is the beginning. */
  readonly at: LogPosition
  /** What is searched for; empty where nothing is. */
  readonly search: string
  /** Number of the line that the search has gone to. */
  readonly match?: number
}

/** A row of a line that may take several. */
export interface LogPosition {
  readonly line: number
  readonly row: number
}

/** Private networks and VPNs. */
export interface NetworksView {
  readonly screen: 'networks'
  readonly list: ListState
}
/** Who is on one of them. */
export interface NetworkView {
  readonly screen: 'network'
  readonly kind: 'network' | 'vpn'
  readonly name: string
  /** First line that is shown; likewise below. */
  readonly top: number
}
export interface InvitationView {
  readonly screen: 'invitation'
  readonly vpn: string
  /** A secret: it is nowhere else, and gone when the view is left. */
  readonly token: string
  readonly expiresAt: string
  readonly top: number
}
export interface EventsView {
  readonly screen: 'events'
  readonly list: ListState
  readonly about: EventsAbout
}
export type EventsAbout = 'all' | 'vms' | 'helper'
export interface DoctorView {
  readonly screen: 'doctor'
  readonly top: number
}
/** What a command has answered, or anything else that is read once. */
export interface OutputView {
  readonly screen: 'output'
  readonly title: string
  /** Without control characters. */
  readonly lines: readonly string[]
  readonly top: number
}

/** Screens that are a form alone. */
export interface CreateView {
  readonly screen: 'create'
  readonly form: FormState
}
export interface ImportView {
  readonly screen: 'import'
  readonly form: FormState
}
export interface PullView {
  readonly screen: 'pull'
  readonly form: FormState
}
export interface BuildView {
  readonly screen: 'build'
  readonly form: FormState
}
export type FormView = CreateView | ImportView | PullView | BuildView

/** What making a VM would do; the form that it is made by is below it. */
export interface PlanView {
  readonly screen: 'plan'
  readonly params: ParamsInput<'vm.create'>
  readonly plan: Result<'vm.plan'>
  /** In which place of the form each network is. */
  readonly slots: readonly number[]
  readonly top: number
}

export interface ImagesView {
  readonly screen: 'images'
  readonly list: ListState
}

export type View =
  | VmsView
  | VmView
  | LogView
  | NetworksView
  | NetworkView
  | InvitationView
  | EventsView
  | DoctorView
  | OutputView
  | FormView
  | PlanView
  | ImagesView
export type ScreenName = View['screen']
