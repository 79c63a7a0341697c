/** PURE: text in cells of a terminal. What others wrote comes by here, so control characters are spelt out. */
import stringWidth from 'string-width'
import { escapeControls } from '../../cli/render/escape.ts'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const printable = /^[ -~]*$/

/** Whether each character is one of ASCII that takes one cell. */
export function isPlain(text: string): boolean {
  return printable.test(text)
}

/** Cells that a text without control sequences takes. */
export function widthOf(text: string): number {
  return printable.test(text) ? text.length : stringWidth(text)
}

/** Exactly `width` cells: cut with `ellipsis` where it is longer, padded where it is shorter. */
export function fit(text: string, width: number, ellipsis: string, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, width, ellipsis)
  const padding = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return align === 'left' ? cut + padding : padding + cut
}

/** At most `width` cells. */
export function cutTo(text: string, width: number, ellipsis: string): string {
  if (width <= 0) return ''
  if (!printable.test(text)) return cutGraphemes(escapeControls(text), width, ellipsis)
  if (text.length <= width) return text
  const room = width - widthOf(ellipsis)
  return room < 0 ? '' : text.slice(0, room) + ellipsis
}

function cutGraphemes(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text
  const room = width - widthOf(ellipsis)
  if (room < 0) return ''
  let cut = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment)
    if (used > room) break
    cut += segment
  }
  return cut + ellipsis
}
