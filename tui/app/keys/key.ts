/** PURE: Ink's input as names of keys: `a`, `A`, `ctrl-d`, `up`, `enter`, `esc`, `space`. */
import type { Key } from 'ink'

const named = {
  upArrow: 'up',
  downArrow: 'down',
  leftArrow: 'left',
  rightArrow: 'right',
  pageUp: 'pageup',
  pageDown: 'pagedown',
  home: 'home',
  end: 'end',
  return: 'enter',
  escape: 'esc',
  tab: 'tab',
  backspace: 'backspace',
  delete: 'delete',
} as const

export interface KeyPress {
  readonly name: string
  /** What it types, where it types something. */
  readonly text?: string
}

/** Keys that were pressed in quick succession arrive as one string: each is a key of its own. */
export function readKeys(input: string, key: Key): KeyPress[] {
  const special = (Object.keys(named) as (keyof typeof named)[]).find((each) => key[each])
  if (special) return [{ name: special === 'tab' && key.shift ? 'shift-tab' : named[special] }]
  if (key.ctrl) return input === '' ? [] : [{ name: `ctrl-${input}` }]
  // Esc and the next key, when they come in one piece, look like Alt with that key, which nothing is bound to.
  return [...(key.meta ? [{ name: 'esc' }] : []), ...[...input].flatMap((character) => nameCharacter(character))]
}

/** Control characters that came in one piece with others, which Ink does not name (ASCII). */
const controls: Readonly<Record<string, string>> = { '\r': 'enter', '\n': 'enter', '\t': 'tab', '\u001b': 'esc', '\u007f': 'backspace', '\b': 'backspace' }

function nameCharacter(character: string): KeyPress[] {
  const control = controls[character]
  if (control !== undefined) return [{ name: control }]
  if (character < ' ') return [{ name: `ctrl-${String.fromCharCode(character.charCodeAt(0) + 96)}` }]
  return [{ name: character === ' ' ? 'space' : character, text: character }]
}
