/** Moving through the text of a screen that has no cursor. */
import type { Context } from '../context.ts'
import { bodySize, currentView, replaceView } from '../model/state.ts'
import { screenOf } from '../screens/all.ts'

const move = (by: (height: number) => number) => ({ change }: Context) =>
  change((state) => {
    const view = currentView(state)
    const moved = screenOf(view).scroll?.(view, state, by(bodySize(state).rows))
    return moved ? replaceView(state, moved) : state
  })

export const scrollActions = {
  'scroll.down': move(() => 1),
  'scroll.up': move(() => -1),
  'scroll.halfDown': move((height) => Math.floor(height / 2)),
  'scroll.halfUp': move((height) => -Math.floor(height / 2)),
  // One line stays, to go on reading from.
  'scroll.pageDown': move((height) => Math.max(1, height - 1)),
  'scroll.pageUp': move((height) => -Math.max(1, height - 1)),
  'scroll.first': move(() => -Infinity),
  'scroll.last': move(() => Infinity),
}
