/** PURE: going from one line that holds the text to another. */
import { afterLast, type LogText } from '../../model/log-text.ts'
import type { LogPosition, LogView } from '../../model/views.ts'
import { lastTop, moveRows, rowsFrom, settle, type LogLook } from './window.ts'

/** Where the window begins now. */
export function topOf(view: LogView, log: LogText, look: LogLook): LogPosition {
  return view.follow ? lastTop(log, look) : settle(log, view.at, look)
}

/** The line that one is on, of those that were found: the one that was gone to, unless it is out of sight. */
export function currentMatch(view: LogView, log: LogText, look: LogLook): number | undefined {
  const rows = rowsFrom(log, topOf(view, log, look), look)
  return rows.some(({ line }) => line === view.match) ? view.match : undefined
}

/** While the text is typed: the nearest line that holds it, in sight or below, else above. */
export function showNearest(view: LogView, log: LogText, found: readonly number[], look: LogLook): LogView {
  const { match: _before, ...rest } = view
  const top = topOf(view, log, look).line
  const nearest = found.find((line) => line >= top) ?? found.at(-1)
  return nearest === undefined ? rest : showLine({ ...rest, match: nearest }, log, nearest, look)
}

/** The next line that holds it, or the one before; `undefined` where there is none. */
export function showNext(view: LogView, log: LogText, found: readonly number[], direction: 1 | -1, look: LogLook): LogView | undefined {
  const from = currentMatch(view, log, look)
  const top = topOf(view, log, look).line
  const next = direction === 1 ? found.find((line) => (from === undefined ? line >= top : line > from)) : found.findLast((line) => line < (from ?? top))
  return next === undefined ? undefined : showLine({ ...view, match: next }, log, next, look)
}

/** A line that is in sight stays where it is; another comes to stand in the upper third, and is not followed away from. */
function showLine(view: LogView, log: LogText, line: number, look: LogLook): LogView {
  const inSight = rowsFrom(log, topOf(view, log, look), look).some((row) => row.line === line)
  if (inSight || line < log.first || line >= afterLast(log)) return view
  return { ...view, follow: false, at: moveRows(log, { line, row: 0 }, -Math.floor(look.height / 3), look) }
}
