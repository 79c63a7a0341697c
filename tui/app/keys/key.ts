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
  /** Of Alt with a key: esc and that key, which look the same when they come in one piece. What is typed into takes them for Alt, all else for the two. */
  readonly either?: readonly KeyPress[]
}

/** Keys that were pressed in quick succession arrive as one string: each is a key of its own. */
export function readKeys(input: string, key: Key): KeyPress[] {
  const special = (Object.keys(named) as (keyof typeof named)[]).find((each) => key[each])
  if (special === 'backspace' && key.meta) return [{ name: 'alt-backspace', either: [{ name: 'esc' }, { name: 'backspace' }] }]
  if (special) return [{ name: special === 'tab' && key.shift ? 'shift-tab' : named[special] }]
  if (key.ctrl) return input === '' ? [] : [{ name: `ctrl-${input}` }]
  const typed = [...input].map((character) => nameCharacter(character))
  const [first, ...others] = typed
  if (!key.meta || !first) return typed
  return [{ name: `alt-${first.name}`, either: [{ name: 'esc' }, first] }, ...others]
}

/** Control characters that came in one piece with others, which Ink does not name (ASCII). */
const controls: Readonly<Record<string, string>> = { '\r': 'enter', '\n': 'enter', '\t': 'tab', '\u001b': 'esc', '\u007f': 'backspace', '\b': 'backspace' }

function nameCharacter(character: string): KeyPress {
  const control = controls[character]
  if (control !== undefined) return { name: control }
  if (character < ' ') return { name: `ctrl-${String.fromCharCode(character.charCodeAt(0) + 96)}` }
  return { name: character === ' ' ? 'space' : character, text: character }
}
