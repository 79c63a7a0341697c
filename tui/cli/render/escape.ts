/**
 * What a guest wrote is hostile: its interface names, its log, messages that quote it. On a terminal a control sequence can
 * change what was printed before, set the title, or make the terminal type an answer as if the user had.
 */

/**
 * Controls of ECMA-48 (C0, DEL, C1), and the characters of Unicode that reorder or break a line (UAX #9; U+2028, U+2029);
 * lone surrogates have no bytes.
 */
const dangerous = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu

/** Shows each control character as text: `\x1b`, `\u202e`. Those in `keep` stay. */
export function escapeControls(text: string, keep = ''): string {
  return text.replace(dangerous, (character) => (keep.includes(character) ? character : spell(character)))
}

/** A JSON text means the same with them spelt out; of its own it has newlines alone, and all C0 spelt already (RFC 8259, 7). */
export function escapeJson(text: string): string {
  return text.replace(dangerous, (character) => (character === '\n' ? character : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`))
}

/**
 * A log for a terminal: colours and cursor movements of well-formed sequences left out, carriage returns before a newline
 * too, everything else that is dangerous spelt out.
 */
export function cleanLog(text: string): string {
  return escapeControls(text.replace(sequences, '').replace(/\r+\n/g, '\n'), '\n\t')
}

/** CSI sequences; OSC, DCS, SOS, PM and APC strings with their terminator; two- and three-byte escapes (ECMA-48, 5.3 to 5.6). */
const sequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])/g

function spell(character: string): string {
  const code = character.codePointAt(0)!
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
