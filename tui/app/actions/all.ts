/** What the keys do: an action for each name in the table of keys. */
import type { Context } from '../context.ts'
import type { ActionName } from '../keys/keymap.ts'
import { listActions } from './list.ts'
import { navigationActions } from './navigate.ts'
import { scrollActions } from './scroll.ts'
import { vmActions } from './vm.ts'

export type Action = (context: Context) => void

export const actions: Readonly<Record<ActionName, Action>> = { ...navigationActions, ...listActions, ...scrollActions, ...vmActions }
