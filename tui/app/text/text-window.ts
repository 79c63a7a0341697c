/** PURE: the part of a typed line that is shown, where it is longer than its place. */
import { escapeControls } from '../../cli/render/escape.ts'
import type { TextField } from '../model/text-field.ts'
import { widthOf } from './fit.ts'

export interface TextWindow {
  readonly before: string
  /** What the cursor is on: a blank behind the last character. */
  readonly under: string
  readonly after: string
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const split = (text: string): string[] => Array.from(graphemes.segment(text), ({ segment }) => escapeControls(segment))

/** At most `width` cells, with the cursor among them; more of what is before it than of what follows. */
export function windowText({ text, at }: TextField, width: number): TextWindow {
  const [under = ' ', ...following] = split(text.slice(at))
  const room = Math.max(0, width - widthOf(under))
  const before = takeFrom(split(text.slice(0, at)).reverse(), room).reverse()
  const after = takeFrom(following, room - widthOf(before.join('')))
  return { before: before.join(''), under, after: after.join('') }
}

/** As many from the first on as there is room for. */
function takeFrom(parts: readonly string[], width: number): string[] {
  let used = 0
  const end = parts.findIndex((part) => (used += widthOf(part)) > width)
  return parts.slice(0, end < 0 ? undefined : end)
}
