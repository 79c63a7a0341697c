/** What has happened, one event a line, the newest last. */
import type { ReactNode } from 'react'
import { Table, type Column } from '../../components/table.tsx'
import type { EventsView } from '../../model/views.ts'
import { formatWhen } from '../../text/ago.ts'
import type { ScreenProps } from '../screen.ts'
import { meaningOf, type EventRow, type EventRows } from './rows.ts'

export function createEventsBody(rowsOf: EventRows) {
  return function EventsBody({ view, state, size }: ScreenProps<EventsView>): ReactNode {
    const columns: Column<EventRow>[] = [
      { title: 'TIME', width: 11, cell: ({ event }) => formatWhen(event.at, state.now) },
      ...(view.about === 'helper' ? [] : [{ title: 'KIND', width: 15, cell: ({ event }: EventRow) => event.kind }]),
      { title: 'SUBJECT', width: 18, grow: 1, cell: ({ subject }) => subject },
      { title: 'WHAT', width: 14, grow: 4, cell: ({ what }) => what, meaning: ({ event }) => meaningOf(event) },
    ]
    const { filter } = view.list
    const empty = filter === '' ? 'Nothing has happened yet' : `No event holds "${filter}"; esc takes the filter away`
    return <Table columns={columns} rows={rowsOf(view, state.world)} keyOf={({ key }) => key} list={view.list} size={size} empty={empty} />
  }
}
