import type { LogView } from '../../model/views.ts'
import type { Screen } from '../screen.ts'
import { nameOfVm, whyVmGone } from '../vm/screen.ts'
import { createLogBody } from './body.tsx'
import { showNearest } from './find.ts'
import { createLogSearch } from './search.ts'
import { lookNow, textOf } from './view.ts'
import { lastTop, moveRows } from './window.ts'

/** Of the screen, and of the keys that go through what was found. */
export const searchLog = createLogSearch()

export const logScreen: Screen<LogView> = {
  title: ({ vm }, state) => (state.stack.some((view) => view.screen === 'vm' && view.vm === vm) ? 'log' : `${nameOfVm(vm, state)}: log`),
  Body: createLogBody(searchLog),
  scroll(view, state, by) {
    if (by === Infinity) return { ...view, follow: true }
    if (by === -Infinity) return { ...view, follow: false, at: { line: -Infinity, row: 0 } }
    const log = textOf(view, state)
    if (!log) return view
    const look = lookNow(view, state)
    if (!view.follow) return { ...view, at: moveRows(log, view.at, by, look) }
    const last = lastTop(log, look)
    const at = moveRows(log, last, by, look)
    return at.line === last.line && at.row === last.row ? view : { ...view, follow: false, at }
  },
  find(view, state, search) {
    const log = textOf(view, state)
    const look = lookNow(view, state)
    return log ? showNearest({ ...view, search }, log, searchLog(log, search), look) : { ...view, search }
  },
  gone: whyVmGone,
}
