import type { Context } from '../context.ts'
import { choicesOf, isTyped, type FormField } from '../form/field.ts'
import { closeChoices, focusedField, jumpToChoice, moveFocus, pick, setText, textOf, type FormState } from '../form/form.ts'
import { editField, emptyField, insertText } from '../model/text-field.ts'
import { changeForm, currentForm } from '../screens/current-form.ts'
import type { KeyPress } from './key.ts'

/** What is typed goes to the field with the cursor; answers whether it was for it. The other keys are the table's. */
export function typeIntoForm(key: KeyPress, context: Context): boolean {
  const current = currentForm(context.get())
  const field = current && focusedField(current.fields, current.form)
  if (!field) return false
  const next = type(current.form, field, key)
  if (next === undefined) return false
  context.change((state) => changeForm(state, () => next))
  // Which field is next may follow from the choice.
  const isTaken = current.form.open !== undefined && (key.name === 'enter' || key.name === 'tab')
  if (isTaken) context.change((state) => changeForm(state, ({ fields, form }) => moveFocus(fields, form, 1)))
  return true
}

function type(form: FormState, field: FormField, key: KeyPress): FormState | undefined {
  if (form.open !== undefined) return chooseFromList(form, form.open, field, key)
  if (isTyped(field)) {
    const before = textOf(field, form)
    // A number that stands there for whoever has none in mind gives way to the one that is typed.
    const isProposal = field.kind === 'number' && form.texts[field.name] === undefined
    const after = key.text === undefined ? editField(before, key.name) : insertText(isProposal ? emptyField : before, key.text)
    return after && setText(form, field, after, before)
  }
  if (key.text === undefined || key.text === ' ' || key.text === '?') return undefined
  return key.name === 'paste' ? form : jumpToChoice(form, field, key.text)
}

/** While a list is open, no other key means anything. */
function chooseFromList(form: FormState, open: number, field: FormField, key: KeyPress): FormState {
  const choices = choicesOf(field)
  const to = (index: number): FormState => ({ ...form, open: Math.max(0, Math.min(index, choices.length - 1)) })
  switch (key.name) {
    case 'enter':
    case 'space':
    case 'tab': {
      const choice = choices[open]
      return choice ? pick(form, field, choice.value) : closeChoices(form)
    }
    case 'esc':
      return closeChoices(form)
    case 'down':
      return to(open + 1)
    case 'up':
      return to(open - 1)
    case 'pagedown':
      return to(open + 8)
    case 'pageup':
      return to(open - 8)
    case 'home':
      return to(0)
    case 'end':
      return to(choices.length - 1)
    default: {
      const order = [...choices.slice(open + 1), ...choices.slice(0, open + 1)]
      const found = order.find(({ label }) => key.text !== undefined && label.toLowerCase().startsWith(key.text.toLowerCase()))
      return found ? to(choices.indexOf(found)) : form
    }
  }
}
