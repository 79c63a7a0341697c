import { emptyList } from '../../model/list.ts'
import type { EventsAbout, EventsView } from '../../model/views.ts'
import { createKeys } from '../keys-of-rows.ts'
import type { Screen } from '../screen.ts'
import { createEventsBody } from './body.tsx'
import { createEventRows, NEWEST, type EventRow } from './rows.ts'
import type { State } from '../../model/state.ts'
import { cursorIndex } from '../../model/list.ts'

const rowsOf = createEventRows()
const keysOf = createKeys(({ key }: EventRow) => key)

export const eventsView: EventsView = { screen: 'events', list: { ...emptyList, cursor: NEWEST }, about: 'all' }

const titles: Record<EventsAbout, string> = { all: 'Events', vms: 'Events of VMs', helper: "The helper's decisions" }

export const eventsScreen: Screen<EventsView> = {
  title: ({ about, list: { filter } }) => (filter === '' ? titles[about] : `${titles[about]} with "${filter}"`),
  Body: createEventsBody(rowsOf),
  keys: (view, { world }) => keysOf(rowsOf(view, world)),
}

/** The row under the cursor. */
export function currentEvent(view: EventsView, { world }: State): EventRow | undefined {
  const rows = rowsOf(view, world)
  return rows[cursorIndex(view.list, keysOf(rows))]
}
