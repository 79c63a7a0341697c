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
  title: ({ list: { filter } }) => (filter === '' ? 'VMs' : `VMs with "${filter}"`),
  Body: createVmsBody(rowsOf),
  keys: (view, { world }) => keysOf(rowsOf(view, world)),
  measures(view, { world }, { rows }) {
    const shown = rowsOf(view, world)
    const top = windowTop(view.list, keysOf(shown), rows - 1)
    const measured = isMeasured(view.sort.by) ? shown : shown.slice(top, top + rows - 1)
    return measured.flatMap(({ id, state }) => (state === 'running' ? [id] : [])).slice(0, MOST_MEASURED)
  },
}
