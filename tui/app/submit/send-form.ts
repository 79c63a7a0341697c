/** Has the daemon do what a form says. */
import type { MethodName, ParamsInput, Result } from '../../../policy/api/index.ts'
import type { Context } from '../context.ts'
import { currentView, popView } from '../model/state.ts'
import { changeForm, currentForm } from '../screens/current-form.ts'
import { withError } from '../form/form.ts'
import { formErrorOf } from '../form/form-error.ts'
import { bringBack } from '../screens/open-form.ts'
import { readForm, type FormValues } from '../form/read-form.ts'

interface About<M extends MethodName> {
  readonly label: string
  readonly subject?: string
  readonly done: (result: Result<M>) => string
  /** The form's field for a field of the params. */
  readonly fieldFor?: (error: Error & { readonly field?: string }) => string | undefined
}

/** What the form says; without an answer where it says what cannot be, which is told in it. */
export function readCurrentForm(context: Context): FormValues | undefined {
  const current = currentForm(context.get())
  if (!current) return undefined
  const values = readForm(current.fields, current.form)
  if (!('error' in values)) return values
  context.change((state) => changeForm(state, ({ fields, form }) => withError(fields, form, values.error)))
  return undefined
}

/** Leaves the form at once, for it may take its time; it comes back with all that was in it where the daemon refuses. */
export function sendForm<M extends MethodName>(context: Context, method: M, params: ParamsInput<M>, { fieldFor, ...about }: About<M>): void {
  const view = currentView(context.get())
  if (!('form' in view)) return
  context.change(popView)
  const home = currentView(context.get()).screen
  const failed = (error: Error): void => {
    // By the user, here or elsewhere.
    if (error.name === 'IMAGE_PULL_STOPPED') return
    const { field: told, ...said } = formErrorOf(error, method)
    const field = fieldFor ? fieldFor(error) : told
    context.change((state) => bringBack(state, view, { ...said, ...(field !== undefined && { field }) }, home))
  }
  void context.operate(method, params, { ...about, failed })
}
