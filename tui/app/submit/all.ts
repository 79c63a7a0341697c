/** Goes on with what is in a form, by its screen. */
import type { Context } from '../context.ts'
import { currentView } from '../model/state.ts'
import type { FormView } from '../model/views.ts'
import { submitBuild } from './build.ts'
import { submitCreate } from './create.ts'
import { submitImport } from './import.ts'
import { submitPull } from './pull.ts'

const submits: Readonly<Record<FormView['screen'], (context: Context) => void>> = {
  create: submitCreate,
  import: submitImport,
  pull: submitPull,
  build: submitBuild,
}

export function submitForm(context: Context): void {
  const view = currentView(context.get())
  if ('form' in view) submits[view.screen](context)
}
