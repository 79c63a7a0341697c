/** PURE: forms between the screens: opened, and back with what is wrong. */
import { currentView, pushView, type State } from '../model/state.ts'
import type { FormView, ScreenName } from '../model/views.ts'
import { screenOf } from './all.ts'
import { emptyForm, withError, type FormError } from '../form/form.ts'

/** With what was in it when it could not be done, where that is so; `picks` are chosen for the user. */
export function openForm(state: State, screen: FormView['screen'], picks: Readonly<Record<string, string>> = {}): State {
  const { [screen]: draft, ...drafts } = state.drafts ?? {}
  const { form = emptyForm } = draft ?? {}
  return pushView({ ...state, drafts }, { screen, form: { ...form, picks: { ...form.picks, ...picks } } })
}

/**
 * The form as it was, with the error at its field: at once where the user is still at `home`, to which it was left; else when
 * it is opened again.
 */
export function bringBack(state: State, view: FormView, error: FormError, home: ScreenName): State {
  const fields = screenOf(view).form?.fields(view, state) ?? []
  const back: FormView = { ...view, form: withError(fields, view.form, error) }
  const isFree = currentView(state).screen === home && !state.dialog && !state.prompt && state.help === undefined
  // The form says itself what the notice says, unless that is about something else as well.
  const { notice, ...quiet } = state
  return isFree ? pushView(notice?.others === undefined ? quiet : state, back) : { ...state, drafts: { ...state.drafts, [view.screen]: back } }
}
