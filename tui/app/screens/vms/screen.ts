import type { Vm } from '../../../../policy/api/vm.ts'
import { windowTop } from '../../model/list.ts'
import type { VmsView } from '../../model/views.ts'
import { createKeys } from '../keys-of-rows.ts'
import type { Screen } from '../screen.ts'
import { createVmsBody } from './body.tsx'
import { createVmRows, isMeasured } from './rows.ts'

const rowsOf = createVmRows()
const keysOf = createKeys(({ id }: Vm) => id)

/** As many as one subscription takes (policy/api/stats.ts). */
const MOST_MEASURED = 4096

export const vmsScreen: Screen<VmsView> = {
  title: (view, { world }) => {
    const { filter, marks } = view.list
    // Most of them may be out of sight, and a key is for all of them.
    const marked = marks.size === 0 ? 0 : keysOf(rowsOf(view, world)).filter((id) => marks.has(id)).length
    return `${filter === '' ? 'VMs' : `VMs with "${filter}"`}${marked === 0 ? '' : `, ${marked} marked`}`
  },
  Body: createVmsBody(rowsOf),
  keys: (view, { world }) => keysOf(rowsOf(view, world)),
  measures(view, { world }, { rows }) {
    const shown = rowsOf(view, world)
    const height = Math.max(1, rows - 1)
    const top = windowTop(view.list, keysOf(shown), height)
    const measured = isMeasured(view.sort.by) ? shown : shown.slice(top, top + height)
    return measured.flatMap(({ id, state }) => (state === 'running' ? [id] : [])).slice(0, MOST_MEASURED)
  },
}
