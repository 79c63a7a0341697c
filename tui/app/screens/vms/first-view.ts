import { emptyList } from '../../model/list.ts'
import type { VmsView } from '../../model/views.ts'

/** Where one begins. */
export const firstView: VmsView = { screen: 'vms', list: emptyList, sort: { by: 'name', descending: false } }
