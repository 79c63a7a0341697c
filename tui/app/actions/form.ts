/** Moving in forms, and what is done to their fields. */
import type { Context } from '../context.ts'
import { completePath, splitPath } from '../files/complete-path.ts'
import { focusIndex, focusedField, moveFocus, openChoices, setText, stepChoice, textOf, type FormState } from '../form/form.ts'
import { listFolder } from '../files/read-file.ts'
import { popView } from '../model/state.ts'
import { fieldOf } from '../model/text-field.ts'
import { submitForm } from '../submit/all.ts'
import { changeForm, currentForm, type CurrentForm } from '../screens/current-form.ts'

const onForm = (change: (current: CurrentForm) => FormState) => (context: Context) => context.change((state) => changeForm(state, change))
const move = (by: number) => onForm(({ form, fields }) => moveFocus(fields, form, by))
const step = (by: number) =>
  onForm(({ form, fields }) => {
    const field = focusedField(fields, form)
    return field ? stepChoice(form, field, by) : form
  })

export const formActions = {
  'form.next': move(1),
  'form.previous': move(-1),
  'form.first': move(-Infinity),
  'form.last': move(Infinity),
  'form.choiceAfter': step(1),
  'form.choiceBefore': step(-1),
  'form.openChoices': onForm(({ form, fields }) => {
    const field = focusedField(fields, form)
    if (!field) return form
    return field.kind === 'toggle' ? stepChoice(form, field, 1) : openChoices(form, field)
  }),
  /** Who presses enter all the way comes to the end. */
  'form.enter': (context: Context) => {
    const current = currentForm(context.get())
    if (!current) return
    const isLast = focusIndex(current.fields, current.form) >= current.fields.length - 1
    if (isLast) submitForm(context)
    else move(1)(context)
  },
  'form.submit': submitForm,
  'form.complete': (context: Context) => void complete(context),
  'form.leave': (context: Context) => {
    if (!currentForm(context.get())?.form.isTouched) return context.change(popView)
    const question = { title: 'Leave this form?', lines: ['What you have given here is lost then.'], confirm: 'Leave' }
    context.change((state) => ({ ...state, dialog: { ...question, focus: 'cancel', run: (then) => then.change(popView) } }))
  },
}

/** On to the next field, unless the cursor is behind the beginning of a path that can go on. */
async function complete(context: Context): Promise<void> {
  const current = currentForm(context.get())
  const field = current && focusedField(current.fields, current.form)
  if (!field) return
  const before = textOf(field, current.form)
  const next = (): void => move(1)(context)
  if (!(field.kind === 'text' && field.isPath) || before.text === '' || before.at < before.text.length) return next()
  const path = splitPath(before.text)
  const { text, candidates } = completePath(path, await listFolder(path.folder, context.place))
  // Whatever was pressed meanwhile goes before.
  const now = currentForm(context.get())
  if (!now || focusedField(now.fields, now.form)?.name !== field.name || textOf(field, now.form).text !== before.text) return
  if (text === before.text && candidates.length === 0) return next()
  context.change((state) =>
    changeForm(state, ({ form }) => {
      const { candidates: _before, ...completed } = setText(form, field, fieldOf(text), before)
      return { ...completed, ...(candidates.length > 0 && { candidates }) }
    }),
  )
}
