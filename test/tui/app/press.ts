/** Keys as they come from a terminal. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from '../../../tui/app/context.ts'
import { pressKey } from '../../../tui/app/keys/route.ts'
import type { State } from '../../../tui/app/model/state.ts'

/** Names of keys; one that is no name of a key is typed letter by letter. Answers the state after them. */
export function press(context: Context, ...keys: readonly string[]): State {
  for (const key of keys) {
    if (named.test(key)) pressKey({ name: key }, context)
    else for (const letter of key) pressKey({ name: letter === ' ' ? 'space' : letter, text: letter }, context)
  }
  return context.get()
}

const named = /^(enter|esc|tab|shift-tab|up|down|left|right|space|backspace|delete|home|end|pageup|pagedown|ctrl-.)$/

/** Waits until something holds that follows from what was asked: files and answers take some turns. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}
