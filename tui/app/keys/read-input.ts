/** What comes from the terminal, as keys: without the answers to what was asked of it, as by a guest just before its console was left. */
import type { Key } from 'ink'
import { readKeys, type KeyPress } from './key.ts'

/** What begins a control string (ECMA-48, 5.6: DCS, SOS, OSC, PM, APC), of which Ink tells as Alt with that letter. */
const OPENING = new Set(['P', 'X', ']', '^', '_'])
/** The end of one: ST as Ink tells of it, and BEL, as xterm ends OSC. */
const ST = '\\'
const BEL = '\u0007'
/** Milliseconds that the rest of it may be behind: a terminal sends it in one piece, who presses Alt with that letter does not go on so soon. */
const LONGEST = 50

export function createInputReader(clock: () => number = Date.now): (input: string, key: Key) => readonly KeyPress[] {
  let openUntil = 0
  return (input, key) => {
    if (clock() < openUntil) {
      const end = input.indexOf(BEL)
      if (end < 0 && !(key.meta && input === ST)) return []
      openUntil = 0
      return end < 0 ? [] : readKeys(input.slice(end + 1), { ...key, meta: false, ctrl: false })
    }
    if (!key.meta || !OPENING.has(input)) return readKeys(input, key)
    openUntil = clock() + LONGEST
    return []
  }
}
