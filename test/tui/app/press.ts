import type { Context } from '../../../tui/app/context.ts'
import { pressKey } from '../../../tui/app/keys/route.ts'
import type { State } from '../../../tui/app/model/state.ts'

/** Presses keys, named as the table of keys has them, one after the other; answers the state after them. */
export function press(context: Context, ...keys: readonly string[]): State {
  for (const name of keys) pressKey({ name, ...(name.length === 1 && { text: name }) }, context)
  return context.get()
}
