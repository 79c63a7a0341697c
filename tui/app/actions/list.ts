/** Moving in lists, marking and filtering. */
import type { Context } from '../context.ts'
import { cursorKey, moveBy, moveTo, toggleAll, toggleMark, type ListState } from '../model/list.ts'
import { changeList, currentFilter, type CurrentList } from '../screens/current-list.ts'
import { fieldOf } from '../model/text-field.ts'

const onList = (change: (current: CurrentList) => ListState) => (context: Context) => context.change((state) => changeList(state, change))
const move = (by: (height: number) => number) => onList(({ list, keys, height }) => moveBy(list, keys, by(height), height))

export const listActions = {
  'list.down': move(() => 1),
  'list.up': move(() => -1),
  'list.halfDown': move((height) => Math.floor(height / 2)),
  'list.halfUp': move((height) => -Math.floor(height / 2)),
  'list.pageDown': move((height) => height),
  'list.pageUp': move((height) => -height),
  'list.first': onList(({ list, keys, height }) => moveTo(list, keys, 0, height)),
  'list.last': onList(({ list, keys, height }) => moveTo(list, keys, keys.length - 1, height)),
  'list.mark': onList(({ list, keys, height }) => {
    const key = cursorKey(list, keys)
    return key === undefined ? list : moveBy(toggleMark(list, key), keys, 1, height)
  }),
  'list.markAll': onList(({ list, keys }) => toggleAll(list, keys)),
  'filter.open': ({ change }: Context) =>
    change((state) => {
      const before = currentFilter(state)
      return { ...state, prompt: { kind: 'filter', field: fieldOf(before), before } }
    }),
}
