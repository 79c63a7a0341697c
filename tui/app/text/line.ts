/** PURE: a line of the screen in parts that look different. */
import { escapeControls } from '../../cli/render/escape.ts'
import { cutTo, widthOf } from './fit.ts'

export interface Span {
  readonly text: string
  readonly look?: 'bold' | 'dim' | 'inverse'
  /** What its colour says. */
  readonly meaning?: string
}

export type Line = readonly Span[]

/** Exactly `width` cells: cut with `ellipsis` where it is longer, padded where it is shorter. Control characters are spelt out. */
export function fitLine(line: Line, width: number, ellipsis: string): Line {
  const fitted: Span[] = []
  let room = width
  for (const span of line) {
    const text = escapeControls(span.text)
    const cut = cutTo(text, room, ellipsis)
    fitted.push({ ...span, text: cut })
    room -= widthOf(cut)
    if (cut !== text) break
  }
  return room > 0 ? [...fitted, { text: ' '.repeat(room) }] : fitted
}

/** Two columns beside each other, the left one `width` wide. */
export function putBeside(left: readonly Line[], right: readonly Line[], { width, gap, ellipsis }: { readonly width: number; readonly gap: number; readonly ellipsis: string }): Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_unused, row) => [
    ...fitLine(left[row] ?? [], width, ellipsis),
    { text: ' '.repeat(gap) },
    ...(right[row] ?? []),
  ])
}
