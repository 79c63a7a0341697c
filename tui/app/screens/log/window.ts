/** PURE: which rows of a log are shown. Nothing here looks at more lines than are shown, or passed by. */
import { afterLast, lineAt, type LogText } from '../../model/log-text.ts'
import type { LogPosition } from '../../model/views.ts'
import { wrapCells } from '../../text/wrap.ts'

export interface LogLook {
  readonly width: number
  readonly height: number
  readonly wrap: boolean
}

export interface LogRow extends LogPosition {
  readonly text: string
  /** Where in its line the text begins. */
  readonly from: number
}

/** The rows of one line. */
function rowsOf(log: LogText, line: number, { width, wrap }: LogLook): LogRow[] {
  const text = lineAt(log, line) ?? ''
  if (!wrap) return [{ line, row: 0, text, from: 0 }]
  let from = 0
  return wrapCells(text, width).map((part, row) => {
    const shown = { line, row, text: part, from }
    from += part.length
    return shown
  })
}

/** The rows from a position on, as many as fit. */
export function rowsFrom(log: LogText, at: LogPosition, look: LogLook): LogRow[] {
  const rows: LogRow[] = []
  for (let line = at.line; line < afterLast(log) && rows.length < look.height; line++) {
    rows.push(...rowsOf(log, line, look).slice(line === at.line ? at.row : 0))
  }
  return rows.slice(0, look.height)
}

/** The uppermost row where the last one is shown. */
export function lastTop(log: LogText, look: LogLook): LogPosition {
  return back(log, { line: afterLast(log), row: 0 }, look.height, look)
}

/** So many rows further down, or up where negative; no further than there is text to fill the window. */
export function moveRows(log: LogText, from: LogPosition, by: number, look: LogLook): LogPosition {
  if (by < 0) return back(log, settle(log, from, look), -by, look)
  const last = lastTop(log, look)
  let { line, row } = settle(log, from, look)
  let left = by
  while (left > 0 && isBefore({ line, row }, last)) {
    const rest = rowsOf(log, line, look).length - row
    if (left < rest) row += left
    else {
      line++
      row = 0
    }
    left -= Math.min(left, rest)
  }
  return isBefore(last, { line, row }) ? last : { line, row }
}

/** The nearest position that there is: lines may have gone, and be of another height than they were. */
export function settle(log: LogText, at: LogPosition, look: LogLook): LogPosition {
  if (at.line < log.first) return { line: log.first, row: 0 }
  const last = lastTop(log, look)
  if (!isBefore(at, last)) return last
  return { line: at.line, row: Math.min(at.row, rowsOf(log, at.line, look).length - 1) }
}

function back(log: LogText, { line, row }: LogPosition, by: number, look: LogLook): LogPosition {
  let left = by - row
  if (left <= 0) return { line, row: row - by }
  let at = line
  while (left > 0 && at > log.first) {
    at--
    left -= rowsOf(log, at, look).length
  }
  return { line: at, row: Math.max(0, -left) }
}

function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.line < b.line || (a.line === b.line && a.row < b.row)
}
