/** Between screens, and out. */
import type { Context } from '../context.ts'
import { changeList, currentFilter, currentList, filterList } from '../screens/current-list.ts'
import { fieldOf } from '../model/text-field.ts'
import { popView, type State } from '../model/state.ts'
import { firstView } from '../screens/vms/first-view.ts'

/** Begins a command; what its completion offers is asked for meanwhile. */
export const openCommand = (begun: string) => ({ change, link }: Context) => {
  for (const resource of ['images', 'networks', 'vpns'] as const) link.refresh(resource)
  change((state) => ({ ...state, prompt: { kind: 'command', field: fieldOf(begun) } }))
}

export const navigationActions = {
  'help.open': ({ change }: Context) => change((state) => ({ ...state, help: 0 })),
  'command.open': openCommand(''),
  back: ({ change }: Context) => change(goBack),
  'quit.orBack': ({ get, change, terminal }: Context) => (get().stack.length > 1 ? change(popView) : terminal.leave()),
  quit: ({ terminal }: Context) => terminal.leave(),
  suspend: ({ terminal }: Context) => terminal.stop(),
  redraw: ({ terminal }: Context) => terminal.redraw(),
  'show.vms': ({ change }: Context) => change((state) => ({ ...state, stack: [state.stack[0]?.screen === 'vms' ? state.stack[0] : firstView] })),
}

/** What narrows a list goes first: marks, then the filter; of a text the search. */
function goBack(state: State): State {
  const list = currentList(state)?.list
  if (list && list.marks.size > 0) return changeList(state, (current) => ({ ...current.list, marks: new Set() }))
  if (currentFilter(state) !== '') return filterList(state, '')
  return popView(state)
}
