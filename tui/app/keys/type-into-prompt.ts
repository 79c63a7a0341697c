import type { Context } from '../context.ts'
import { filterList } from '../screens/current-list.ts'
import type { Prompt } from '../model/prompt.ts'
import { editField, insertText } from '../model/text-field.ts'
import type { State } from '../model/state.ts'
import type { KeyPress } from './key.ts'
import { typeIntoCommand } from './type-into-command.ts'

export function typeIntoPrompt(prompt: Prompt, key: KeyPress, context: Context): void {
  if (prompt.kind === 'command') typeIntoCommand(prompt, key, context)
  else typeIntoFilter(prompt, key, context)
}

/** A filter holds from its first letter on; enter keeps it, esc brings back the one before. */
function typeIntoFilter(prompt: Extract<Prompt, { kind: 'filter' }>, key: KeyPress, context: Context): void {
  const close = ({ prompt: _closed, ...state }: State): State => state
  if (key.name === 'enter') return context.change(close)
  if (key.name === 'esc') return context.change((state) => close(filterList(state, prompt.before)))
  const field = key.text === undefined ? editField(prompt.field, key.name) : insertText(prompt.field, key.text)
  if (!field) return
  context.change((state) => filterList({ ...state, prompt: { ...prompt, field } }, field.text))
}
