import type { Context } from '../context.ts'
import { changeView, currentView, pushView } from '../model/state.ts'
import type { EventsAbout } from '../model/views.ts'
import { escapeControls } from '../../cli/render/escape.ts'
import { labelOf } from '../../cli/render/value.ts'
import { currentEvent, eventsView } from '../screens/events/screen.ts'

const abouts: readonly EventsAbout[] = ['all', 'vms', 'helper']

export const eventActions = {
  'events.about': ({ change }: Context) =>
    change((state) =>
      changeView(state, 'events', (view) => ({ ...view, list: { ...eventsView.list, filter: view.list.filter }, about: abouts[(abouts.indexOf(view.about) + 1) % abouts.length]! })),
    ),
  'event.open': ({ change }: Context) =>
    change((state) => {
      const view = currentView(state)
      const row = view.screen === 'events' ? currentEvent(view, state) : undefined
      if (!row) return state
      // As the contract has it, for whoever looks for the very words.
      const facts = Object.entries(row.event).map(([property, value]) => `${labelOf(property)}: ${escapeControls(typeof value === 'string' ? value : JSON.stringify(value))}`)
      return pushView(state, { screen: 'output', title: row.event.kind, lines: facts, top: 0 })
    }),
}
