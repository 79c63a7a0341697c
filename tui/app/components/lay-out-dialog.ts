/** PURE: how much of a question there is room for. What is asked and its answers go before what explains it. */
import { escapeControls } from '../../cli/render/escape.ts'
import type { Dialog } from '../model/dialog.ts'
import type { Size } from '../model/state.ts'
import { cutTo, widthOf } from '../text/fit.ts'
import { wrap } from '../text/wrap.ts'

export interface DialogLayout {
  /** In a frame, with room around it; without one from the first line on. */
  readonly isFramed: boolean
  /** Cells of a line. */
  readonly width: number
  readonly title: readonly string[]
  readonly lines: readonly string[]
  /** What stands before what is typed. */
  readonly prompt?: { readonly before: string; readonly expected: string; readonly after: string }
  readonly hasButtons: boolean
}

/** Columns of the widest box. */
export const WIDEST = 70
/** Of the frame and the blanks inside it. */
const FRAME_COLUMNS = 6
/** Of the frame, the line above the buttons, and the buttons. */
const FRAME_ROWS = 4

export function layOutDialog(dialog: Dialog, { columns, rows }: Size, ellipsis: string): DialogLayout {
  const inner = Math.min(WIDEST, columns) - FRAME_COLUMNS
  if (inner > 0) {
    const framed = measure(dialog, inner, ellipsis)
    const height = framed.title.length + framed.lines.length + (framed.prompt ? 1 : 0) + FRAME_ROWS
    if (height <= rows) return { ...framed, isFramed: true, hasButtons: true }
  }
  const { title, lines, prompt, width } = measure(dialog, columns, ellipsis)
  const hasPrompt = prompt !== undefined && rows >= 2
  const hasButtons = rows >= (prompt ? 3 : 2)
  const room = Math.max(1, rows - Number(hasPrompt) - Number(hasButtons))
  const shown = title.slice(0, room)
  return { isFramed: false, width, title: shown, lines: lines.slice(0, room - shown.length), ...(hasPrompt && { prompt }), hasButtons }
}

function measure({ title, lines, typed }: Dialog, width: number, ellipsis: string): Pick<DialogLayout, 'width' | 'title' | 'lines' | 'prompt'> {
  return { width, title: wrap(title, width), lines: lines.flatMap((line) => wrap(line, width)), ...(typed && { prompt: promptOf(typed.expected, width, ellipsis) }) }
}

/** At most so many cells that what is typed has half of the line. */
function promptOf(wanted: string, width: number, ellipsis: string): NonNullable<DialogLayout['prompt']> {
  const expected = escapeControls(wanted)
  const [before, after] = ['Type ', ' to confirm: ']
  const isRoom = widthOf(before + expected + after) + widthOf(expected) + 1 <= width
  return isRoom ? { before, expected, after } : { before: '', expected: cutTo(expected, Math.max(1, Math.floor(width / 2) - 2), ellipsis), after: ': ' }
}
