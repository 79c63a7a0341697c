/** PURE but for what it remembers: which events are shown, with keys that stay theirs. */
import type { Event } from '../../../../policy/api/events.ts'
import { eventDetail, eventSubject } from '../../../cli/render/event.ts'
import { filterRows } from '../../model/filter.ts'
import type { EventsAbout, EventsView } from '../../model/views.ts'
import type { World } from '../../model/world.ts'

export interface EventRow {
  readonly key: string
  readonly event: Event
  readonly subject: string
  readonly what: string
}

/** Key of the newest one, whichever that is: a cursor on it stays with the newest, so the list follows. */
export const NEWEST = 'newest'

/** Rows of the view, oldest first; the same array as long as nothing that it depends on has changed. */
export type EventRows = (view: EventsView, world: World) => readonly EventRow[]

export function createEventRows(): EventRows {
  const known = new WeakMap<Event, EventRow>()
  let count = 0
  const rowOf = (event: Event): EventRow => {
    const before = known.get(event)
    if (before) return before
    const row = { key: String(++count), event, subject: eventSubject(event), what: describe(event) }
    known.set(event, row)
    return row
  }
  let last: { events: World['events']; filter: string; about: EventsAbout; rows: readonly EventRow[] } | undefined
  return ({ list: { filter }, about }, { events }) => {
    if (last?.events === events && last.filter === filter && last.about === about) return last.rows
    const rows = filterRows(events.filter((event) => isAbout(event, about)).map(rowOf), filter, ({ event: { kind }, subject, what }) => [kind, subject, what])
    const newest = rows.at(-1)
    last = { events, filter, about, rows: newest ? [...rows.slice(0, -1), { ...newest, key: NEWEST }] : rows }
    return last.rows
  }
}

/** What the colour of a row says. */
export function meaningOf(event: Event): string {
  if (event.kind === 'helper.decided') return event.decision
  return event.kind === 'vm.state' ? event.to : ''
}

function describe(event: Event): string {
  if (event.kind !== 'helper.decided') return eventDetail(event)
  // The reason may be long, so it comes last.
  const { decision, durationMs, reason } = event
  return `${decision} in ${Math.max(1, Math.round(durationMs))} ms${reason === undefined ? '' : `: ${reason}`}`
}

function isAbout({ kind }: Event, about: EventsAbout): boolean {
  return about === 'all' || kind.startsWith(about === 'vms' ? 'vm.' : 'helper.')
}
