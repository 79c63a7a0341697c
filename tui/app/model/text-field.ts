/** PURE: one line of text that is being typed. Positions are counted in UTF-16 units, and lie between graphemes. */

export interface TextField {
  readonly text: string
  /** Where the next character goes. */
  readonly at: number
}

export const emptyField: TextField = { text: '', at: 0 }

export function fieldOf(text: string): TextField {
  return { text, at: text.length }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Control characters have no place in a line: what was pasted with newlines becomes one line. */
export function insertText({ text, at }: TextField, typed: string): TextField {
  const clean = typed.replace(/[\u0000-\u001f\u007f]+/g, ' ')
  return { text: text.slice(0, at) + clean + text.slice(at), at: at + clean.length }
}

/** The field after an editing key; `undefined` where the key is none. */
export function editField(field: TextField, key: string): TextField | undefined {
  const { text, at } = field
  switch (key) {
    case 'left':
    case 'ctrl-b':
      return { text, at: before(field) }
    case 'right':
    case 'ctrl-f':
      return { text, at: after(field) }
    case 'home':
    case 'ctrl-a':
      return { text, at: 0 }
    case 'end':
    case 'ctrl-e':
      return { text, at: text.length }
    case 'backspace':
    case 'ctrl-h':
      return cut(field, before(field), at)
    case 'delete':
    case 'ctrl-d':
      return cut(field, at, after(field))
    case 'ctrl-u':
      return cut(field, 0, at)
    case 'ctrl-k':
      return cut(field, at, text.length)
    case 'ctrl-w':
    case 'alt-backspace':
      return cut(field, wordBefore(field), at)
    case 'alt-d':
      return cut(field, at, wordAfter(field))
    case 'alt-b':
      return { text, at: wordBefore(field) }
    case 'alt-f':
      return { text, at: wordAfter(field) }
    default:
      return undefined
  }
}

function cut({ text }: TextField, from: number, to: number): TextField {
  return { text: text.slice(0, from) + text.slice(to), at: from }
}

function wordBefore({ text, at }: TextField): number {
  return text.slice(0, at).search(/\S*\s*$/)
}

function wordAfter({ text, at }: TextField): number {
  return at + /^\s*\S*/.exec(text.slice(at))![0].length
}

function before({ text, at }: TextField): number {
  let previous = 0
  for (const { index } of graphemes.segment(text)) {
    if (index >= at) break
    previous = index
  }
  return previous
}

function after({ text, at }: TextField): number {
  for (const { index, segment } of graphemes.segment(text)) if (index >= at) return index + segment.length
  return text.length
}
