/** PURE: the form of the current view, whichever screen it is of. */
import type { FormField } from '../form/field.ts'
import type { FormState } from '../form/form.ts'
import { currentView, replaceView, type State } from '../model/state.ts'
import { screenOf } from './all.ts'

export interface CurrentForm {
  readonly form: FormState
  readonly fields: readonly FormField[]
}

export function currentForm(state: State): CurrentForm | undefined {
  const view = currentView(state)
  const { form } = screenOf(view)
  return 'form' in view && form ? { form: view.form, fields: form.fields(view, state) } : undefined
}

/** Changes the form of the current view, where it is one. */
export function changeForm(state: State, change: (current: CurrentForm) => FormState): State {
  const current = currentForm(state)
  const view = currentView(state)
  if (!current || !('form' in view)) return state
  return replaceView(state, { ...view, form: change(current) })
}
