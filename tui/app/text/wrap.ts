/** PURE: text in rows of so many cells. Control characters are spelt out. */
import stringWidth from 'string-width'
import { escapeControls } from '../../cli/render/escape.ts'
import { isPlain, widthOf } from './fit.ts'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Cut wherever a row is full; at least one row. Control characters are spelt out. */
export function wrapCells(text: string, width: number): string[] {
  const safe = isPlain(text) ? text : escapeControls(text)
  if (isPlain(safe)) return Array.from({ length: Math.max(1, Math.ceil(safe.length / width)) }, (_unused, row) => safe.slice(row * width, (row + 1) * width))
  const rows: string[] = []
  let row = ''
  let used = 0
  for (const { segment } of graphemes.segment(safe)) {
    const cells = stringWidth(segment)
    if (used + cells > width && row !== '') {
      rows.push(row)
      row = ''
      used = 0
    }
    row += segment
    used += cells
  }
  return [...rows, row]
}

/** Words are kept whole where they fit; rows after the first begin with `indent` blanks. */
export function wrapWords(words: readonly string[], width: number, indent: number): string[] {
  const rows: string[] = []
  const blank = ' '.repeat(indent)
  let row = ''
  for (const word of words) {
    if (row !== '' && stringWidth(row) + 1 + stringWidth(word) <= width) {
      row += ` ${word}`
      continue
    }
    if (row !== '') rows.push(row)
    const pieces = wrapCells(word, Math.max(1, width - (rows.length === 0 ? 0 : indent)))
    row = (rows.length === 0 ? '' : blank) + (pieces.shift() ?? '')
    for (const piece of pieces) {
      rows.push(row)
      row = blank + piece
    }
  }
  return [...rows, row]
}

/** At most `width` cells a line, cut at blanks; a word that is longer is cut where the line ends. Blanks at the start stay. */
export function wrap(text: string, width: number): string[] {
  const clean = escapeControls(text)
  if (widthOf(clean) <= width || width <= 0) return [clean]
  const lines: string[] = []
  let line = ''
  for (const [word] of clean.matchAll(/\s*\S+|\s+$/g)) {
    if (widthOf(line + word) <= width) {
      line += word
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = wrapCells(line === '' && lines.length === 0 ? word : word.trimStart(), width)
    line = pieces.pop() ?? ''
    lines.push(...pieces)
  }
  return [...lines, line]
}
