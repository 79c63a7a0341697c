/** PURE: a line that a guest has printed to its serial terminal, as it stood there in the end. */
import { cleanLog } from '../../cli/render/escape.ts'
import { isPlain, widthOf } from './fit.ts'

/** More of one line is nothing to be read. */
const LONGEST = 4096
const TAB = 8

/** Without its newline. Colours are left out; what was written over is gone; no control character is left. */
export function cleanLine(raw: string): string {
  if (raw.length > LONGEST) return cleanLine(cutLine(withoutReturns(raw)))
  if (isPlain(raw)) return raw
  const line = withoutReturns(raw)
  return moves.test(line) ? writeOver(line) : expandTabs(cleanLog(line))
}

/** Not by an expression: what tries each of many carriage returns as the first one takes the square of their number. */
function withoutReturns(line: string): string {
  let end = line.length
  while (line[end - 1] === '\r') end--
  return line.slice(0, end)
}

/** Of a progress display, which begins its line again and again, the last is of interest; of another line the first. */
function cutLine(line: string): string {
  return line.includes('\r') ? line.slice(-LONGEST) : `${line.slice(0, LONGEST - MORE.length)}${MORE}`
}

const MORE = ' (and more)'

/** Carriage return, backspace, and Erase in Line (ECMA-48, 8.3.41). */
const moves = /[\r\u0008]|\u001b\[[0-2]?K/
const parts = /(\r|\u0008|\u001b\[[0-2]?K)/

/** What a terminal shows after all of it; positions are counted in characters. */
function writeOver(line: string): string {
  let cells: string[] = []
  let at = 0
  for (const part of line.split(parts)) {
    if (part === '\r') at = 0
    else if (part === '\u0008') at = Math.max(0, at - 1)
    else if (!parts.test(part)) {
      for (const character of cleanLog(part)) {
        if (character === '\t') {
          at += TAB - (at % TAB)
          while (cells.length < at) cells.push(' ')
        } else cells[at++] = character
      }
    } else if (part === '\u001b[1K') cells.fill(' ', 0, at + 1)
    else if (part === '\u001b[2K') cells = Array<string>(at).fill(' ')
    else cells.length = Math.min(cells.length, at)
  }
  return cells.join('').trimEnd()
}

/** Blanks up to the next multiple of eight columns. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text
  const [first = '', ...rest] = text.split('\t')
  let expanded = first
  let width = widthOf(first)
  for (const part of rest) {
    const blanks = TAB - (width % TAB)
    expanded += ' '.repeat(blanks) + part
    width += blanks + widthOf(part)
  }
  return expanded
}
