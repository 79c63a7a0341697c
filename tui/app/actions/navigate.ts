/** Between screens, and out. */
import type { Context } from '../context.ts'
import { changeList, currentFilter, currentList, filterList } from '../screens/current-list.ts'
import type { Dialog } from '../model/dialog.ts'
import { fieldOf } from '../model/text-field.ts'
import { popView, type State } from '../model/state.ts'

/** Begins a command; what its completion offers is asked for meanwhile. */
export const openCommand = (begun: string) => ({ change, link }: Context) => {
  for (const resource of ['images', 'networks', 'vpns'] as const) link.refresh(resource)
  change((state) => ({ ...state, prompt: { kind: 'command', field: fieldOf(begun) } }))
}

export const navigationActions = {
  'help.open': ({ change }: Context) => change((state) => ({ ...state, help: 0 })),
  'command.open': openCommand(''),
  back: ({ change }: Context) => change(goBack),
  'quit.orBack': (context: Context) => (context.get().stack.length > 1 ? context.change(popView) : leave(context)),
  quit: leave,
  suspend: ({ terminal }: Context) => terminal.stop(),
  redraw: ({ terminal }: Context) => terminal.redraw(),
}

/** Asks first where something would end with this program; pressed once more, it is meant. */
export function leave({ get, change, terminal }: Context): void {
  const { dialog, world } = get()
  const ending = world.operations.filter(({ method }) => method === 'image.build')
  if (ending.length === 0 || dialog?.title === LEAVE) return terminal.leave()
  const lines = ending.map(({ label }) => `"${label}" ends with this program; what has come of it is removed.`)
  const question: Dialog = { title: LEAVE, lines, confirm: 'Leave', focus: 'cancel', run: (then) => then.terminal.leave() }
  change(({ help: _closed, ...state }) => ({ ...state, dialog: question }))
}

const LEAVE = 'Leave all the same?'

/** What narrows a list goes first: marks that are seen, then the filter; of a text the search. */
function goBack(state: State): State {
  const current = currentList(state)
  if (current?.keys.some((key) => current.list.marks.has(key))) return changeList(state, ({ list }) => ({ ...list, marks: new Set() }))
  if (currentFilter(state) !== '') return filterList(state, '')
  return popView(state)
}
