/** PURE: the image under the cursor. */
import { cursorIndex } from '../../model/list.ts'
import { currentView, type State } from '../../model/state.ts'
import { createImageRows, type ImageRow } from './rows.ts'

export const imageRowsOf = createImageRows()

export function currentImageRow(state: State): ImageRow | undefined {
  const view = currentView(state)
  if (view.screen !== 'images') return undefined
  const rows = imageRowsOf(view, state.world)
  return rows[cursorIndex(view.list, rows.map(({ key }) => key))]
}
