import { windowTop } from '../../model/list.ts'
import type { VmsView } from '../../model/views.ts'
import type { Screen } from '../screen.ts'
import { createVmsBody } from './body.tsx'
import { createVmRows } from './rows.ts'

const rowsOf = createVmRows()

export const vmsScreen: Screen<VmsView> = {
  title: ({ list: { filter } }) => (filter === '' ? 'VMs' : `VMs with "${filter}"`),
  Body: createVmsBody(rowsOf),
  keys: (view, { world }) => rowsOf(view, world).map(({ id }) => id),
  measures(view, { world }, { rows }) {
    const shown = rowsOf(view, world)
    const top = windowTop(view.list, shown.map(({ id }) => id), rows - 1)
    return shown.slice(top, top + rows - 1).flatMap(({ id, state }) => (state === 'running' ? [id] : []))
  },
}
