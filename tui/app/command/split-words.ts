/**
 * PURE: a line -> words, by the quoting of sh(1) (XCU 2.2): backslash, '…' and "…". Nothing is expanded but a `~/` that
 * begins a word, and no character ends a command: what a line holds is the words of one.
 */
export interface Word {
  /** Without its quotes. */
  readonly text: string
  /** Where it begins in the line, quotes and all; it ends before the next blank. */
  readonly start: number
}

export interface Words {
  readonly words: readonly Word[]
  /** The line ends inside the last word: no blank is behind it. */
  readonly isOpen: boolean
  /** The quote that nothing closes. */
  readonly unclosed?: "'" | '"'
}

export function splitWords(line: string, home: string): Words {
  const words: Word[] = []
  let text: string | undefined
  let start = 0
  let quote: "'" | '"' | undefined
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    const next = line[at + 1]
    if (text === undefined && /\s/.test(character)) continue
    if (text === undefined) {
      text = ''
      start = at
    }
    if (quote === "'") {
      if (character === "'") quote = undefined
      else text += character
    } else if (character === '\\' && (quote === undefined || next === '"' || next === '\\' || next === '$' || next === '`')) {
      text += next ?? ''
      at++
    } else if (quote === '"') {
      if (character === '"') quote = undefined
      else text += character
    } else if (character === "'" || character === '"') {
      quote = character
    } else if (/\s/.test(character)) {
      words.push({ text, start })
      text = undefined
    } else if (character === '~' && at === start && (next === '/' || next === undefined || /\s/.test(next))) {
      text += home
    } else text += character
  }
  const isOpen = text !== undefined
  if (text !== undefined) words.push({ text, start })
  return { words, isOpen, ...(quote && { unclosed: quote }) }
}

/** A word as it has to stand in a line. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
