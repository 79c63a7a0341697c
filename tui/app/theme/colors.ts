/**
 * Colours by what they say, beyond the states and statuses that the command line has colours for. Of the 16 that every
 * terminal has, those that can be read on black and on white (ECMA-48, SGR 30 to 37): magenta and red are, yellow and cyan
 * on white and blue on black are not.
 */
import { createPaint, type Paint } from '../../cli/render/paint.ts'

const RED = 31
const GREEN = 32
const MAGENTA = 35

const colors = new Map([
  ['key', MAGENTA],
  ['done', GREEN],
  ['granted', GREEN],
  ['error', RED],
  ['warning', RED],
  ['refused', RED],
  ['failed', RED],
])

/** No colour leaves the text as it is. */
export function createColors(color: boolean): Paint {
  const paint = createPaint(color)
  if (!color) return paint
  return (text, meaning) => {
    const code = colors.get(meaning)
    return code === undefined || text === '' ? paint(text, meaning) : `\u001b[${code}m${text}\u001b[39m`
  }
}
