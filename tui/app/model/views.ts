/** What a screen remembers of itself. Everything else that it shows is in the world. */
import type { ListState } from './list.ts'

export interface VmsView {
  readonly screen: 'vms'
  readonly list: ListState
  readonly sort: { readonly by: VmColumn; readonly descending: boolean }
}
export type VmColumn = 'name' | 'state' | 'image' | 'cpu' | 'memory' | 'uptime'

export type View = VmsView
export type ScreenName = View['screen']
