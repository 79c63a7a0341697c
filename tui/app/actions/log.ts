/** What a VM has printed: which of it is shown, and how. */
import type { Context } from '../context.ts'
import { changeView, currentView, pushView, type State } from '../model/state.ts'
import { showNext, topOf } from '../screens/log/find.ts'
import { searchLog } from '../screens/log/screen.ts'
import { lookNow, openLog, sourcesOf, textOf } from '../screens/log/view.ts'
import { currentVm } from './chosen-vms.ts'

const go = (direction: 1 | -1) => ({ change }: Context) => change((state) => goToMatch(state, direction))

function goToMatch(state: State, direction: 1 | -1): State {
  const view = currentView(state)
  const log = view.screen === 'log' && view.search !== '' ? textOf(view, state) : undefined
  if (view.screen !== 'log' || !log) return state
  const next = showNext(view, log, searchLog(log, view.search), direction, lookNow(view, state))
  if (next) return changeView(state, 'log', () => next)
  const hasMore = direction === 1 ? !log.atEnd : !log.atStart
  const text = `no line ${direction === 1 ? 'below' : 'above'} with "${view.search}"${hasMore ? ' in what is loaded: scroll on for more' : ''}`
  return { ...state, notice: { kind: 'error', text } }
}

export const logActions = {
  'log.open': ({ change }: Context) =>
    change((state) => {
      const vm = currentVm(state)
      return vm ? pushView(state, openLog(vm)) : state
    }),
  'log.source': ({ change }: Context) =>
    change((state) =>
      changeView(state, 'log', ({ match: _elsewhere, ...view }) => {
        const sources = sourcesOf(state.world.vms?.get(view.vm))
        return { ...view, source: sources[(sources.indexOf(view.source) + 1) % sources.length]!, follow: true }
      }),
    ),
  'log.follow': ({ change }: Context) =>
    change((state) =>
      changeView(state, 'log', (view) => {
        const log = textOf(view, state)
        return view.follow && log ? { ...view, follow: false, at: topOf(view, log, lookNow(view, state)) } : { ...view, follow: true }
      }),
    ),
  'log.wrap': ({ change }: Context) => change((state) => changeView(state, 'log', (view) => ({ ...view, wrap: !view.wrap }))),
  'log.next': go(1),
  'log.previous': go(-1),
}

/** There is nothing to go to before something was searched. */
const whyNoSearch = (state: State): string | undefined => {
  const view = currentView(state)
  return view.screen === 'log' && view.search === '' ? 'search with / first' : undefined
}

export const logObstacles = { 'log.next': whyNoSearch, 'log.previous': whyNoSearch }
