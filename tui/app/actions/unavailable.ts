/** PURE: whether a key has any sense now. Asked by the footer, which greys it, and before it does anything. */
import type { ActionName, KnownBinding } from '../keys/keymap.ts'
import { whyReadOnly, type State } from '../model/state.ts'
import { imageObstacles } from './image.ts'
import { logObstacles } from './log.ts'
import { vmObstacles } from './vm-obstacles.ts'

/** Why not; an action that is not here always has some. */
const obstacles: { readonly [A in ActionName]?: (state: State) => string | undefined } = { ...vmObstacles, ...imageObstacles, ...logObstacles }

/** Why what this key is for cannot be done now; `undefined` where it can. */
export function whyUnavailable({ action, changes }: KnownBinding, state: State): string | undefined {
  return (changes && whyReadOnly(state)) ?? obstacles[action]?.(state)
}
