/** Where a key goes: to what is typed in, to the question that is asked, or to the action that the table names. */
import { actions } from '../actions/all.ts'
import { whyUnavailable } from '../actions/unavailable.ts'
import type { Context } from '../context.ts'
import { isTyped } from '../form/field.ts'
import { focusedField } from '../form/form.ts'
import { currentView, type State } from '../model/state.ts'
import { currentForm } from '../screens/current-form.ts'
import { answerDialog } from './answer-dialog.ts'
import { scrollHelp } from './scroll-help.ts'
import { findBinding } from './keymap.ts'
import type { KeyPress } from './key.ts'
import { typeIntoForm } from './type-into-form.ts'
import { typeIntoPrompt } from './type-into-prompt.ts'

export function pressKey(key: KeyPress, context: Context): void {
  if (key.either && !isTypedInto(context.get())) return key.either.forEach((each) => pressKey(each, context))
  context.change(({ notice: _read, ...state }) => state)
  const state = context.get()
  if (key.name === 'ctrl-c') return actions.quit(context)
  if (state.help !== undefined) return scrollHelp(key, context)
  if (state.dialog) return answerDialog(state.dialog, key, context)
  if (state.prompt) return typeIntoPrompt(state.prompt, key, context)
  if (typeIntoForm(key, context)) return
  const binding = findBinding(currentView(state).screen, key.name)
  if (!binding) return
  const obstacle = whyUnavailable(binding, state)
  if (obstacle !== undefined) return context.change((now) => ({ ...now, notice: { kind: 'error', text: `${binding.hint ?? binding.action}: ${obstacle}` } }))
  actions[binding.action](context)
}

/** Whether there is a line that is being typed. */
function isTypedInto(state: State): boolean {
  const { prompt, dialog, help } = state
  if (help !== undefined) return false
  if (dialog) return dialog.typed !== undefined
  if (prompt) return true
  const current = currentForm(state)
  const field = current && focusedField(current.fields, current.form)
  return field !== undefined && isTyped(field)
}

/** Text that was pasted is never taken for keys: it goes where text is typed, or nowhere. */
export function pasteText(text: string, context: Context): void {
  const { prompt, dialog, help } = context.get()
  if (dialog?.typed) answerDialog(dialog, { name: 'paste', text }, context)
  else if (prompt) typeIntoPrompt(prompt, { name: 'paste', text }, context)
  // What was copied as a whole line is meant without its end.
  else if (!dialog && help === undefined) typeIntoForm({ name: 'paste', text: text.replace(/[\r\n]+$/, '') }, context)
}
