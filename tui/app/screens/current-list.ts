/** PURE: the list of the current view, whichever screen it is of. */
import { screenOf } from './all.ts'
import { setFilter, type ListState } from '../model/list.ts'
import { bodySize, currentView, replaceView, type State } from '../model/state.ts'

export interface CurrentList {
  readonly list: ListState
  /** Keys of the rows that pass the filter, in the order in which they are shown. */
  readonly keys: readonly string[]
  /** Rows that fit. */
  readonly height: number
}

export function currentList(state: State): CurrentList | undefined {
  const view = currentView(state)
  if (!('list' in view)) return undefined
  const { keys, foot = 0 } = screenOf(view)
  return { list: view.list, keys: keys?.(view, state) ?? [], height: Math.max(1, bodySize(state).rows - TABLE_HEAD - foot) }
}

/** The line with the columns' names. */
const TABLE_HEAD = 1

/** Changes the list of the current view, where it has one. */
export function changeList(state: State, change: (current: CurrentList) => ListState): State {
  const current = currentList(state)
  const view = currentView(state)
  if (!current || !('list' in view)) return state
  return replaceView(state, { ...view, list: change(current) })
}

/** What the list is filtered by, or what is searched for. */
export function currentFilter(state: State): string {
  const view = currentView(state)
  return 'search' in view ? view.search : (currentList(state)?.list.filter ?? '')
}

/** Filters the list, or searches the text. */
export function filterList(state: State, filter: string): State {
  const view = currentView(state)
  const found = screenOf(view).find?.(view, state, filter)
  return found ? replaceView(state, found) : changeList(state, ({ list }) => setFilter(list, filter))
}
