import type { Context } from '../context.ts'
import { mayConfirm, type Dialog } from '../model/dialog.ts'
import { editField, insertText } from '../model/text-field.ts'
import type { KeyPress } from './key.ts'

/** Esc and `n` say no; enter presses the button that has the focus; `y` says yes where nothing has to be typed. */
export function answerDialog(dialog: Dialog, key: KeyPress, context: Context): void {
  const show = (next: Dialog): void => context.change((state) => ({ ...state, dialog: next }))
  const close = (): void => context.change(({ dialog: _answered, ...state }) => state)
  const confirm = (): void => {
    if (!mayConfirm(dialog)) return
    close()
    dialog.run(context)
  }
  const other = dialog.focus === 'cancel' ? 'confirm' : 'cancel'
  const { typed } = dialog
  switch (key.name) {
    case 'esc':
      return close()
    case 'enter':
      return dialog.focus === 'confirm' ? confirm() : close()
    case 'tab':
    case 'shift-tab':
      return show({ ...dialog, focus: other })
  }
  if (typed) {
    const field = key.text === undefined ? editField(typed.field, key.name) : insertText(typed.field, key.text)
    if (!field) return
    const next: Dialog = { ...dialog, typed: { ...typed, field } }
    // Once all is typed, enter is meant.
    return show({ ...next, focus: mayConfirm(next) ? 'confirm' : 'cancel' })
  }
  switch (key.name) {
    case 'left':
    case 'right':
    case 'h':
    case 'l':
      return show({ ...dialog, focus: other })
    case 'n':
    case 'q':
      return close()
    case 'y':
      return confirm()
  }
}
