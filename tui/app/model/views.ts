/** What a screen remembers of itself. Everything else that it shows is in the world. */
import type { ListState } from './list.ts'
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

export type View = VmsView | VmView
export type ScreenName = View['screen']
