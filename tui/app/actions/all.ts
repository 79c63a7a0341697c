/** What the keys do: an action for each name in the table of keys. */
import type { Context } from '../context.ts'
import type { ActionName } from '../keys/keymap.ts'
import { eventActions } from './events.ts'
import { formActions } from './form.ts'
import { imageActions } from './image.ts'
import { listActions } from './list.ts'
import { navigationActions } from './navigate.ts'
import { logActions } from './log.ts'
import { networkActions } from './networks.ts'
import { openFormActions } from './open-form.ts'
import { planActions } from './plan.ts'
import { scrollActions } from './scroll.ts'
import { showActions } from './show.ts'
import { vmActions } from './vm.ts'

export type Action = (context: Context) => void

export const actions: Readonly<Record<ActionName, Action>> = {
  ...navigationActions,
  ...listActions,
  ...vmActions,
  ...logActions,
  ...showActions,
  ...scrollActions,
  ...networkActions,
  ...eventActions,
  ...formActions,
  ...openFormActions,
  ...planActions,
  ...imageActions,
}
