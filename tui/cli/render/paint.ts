/** Colours that carry a meaning. */
export type Paint = (text: string, meaning: string) => string

/** Foreground colours of ECMA-48 (SGR); bright black is grey. */
const RED = 31
const GREEN = 32
const YELLOW = 33
const GREY = 90

/** The meanings are the states and statuses of the contracts; others stay plain. */
const colors = new Map([
  ['running', GREEN],
  ['ok', GREEN],
  ['paused', YELLOW],
  ['creating', YELLOW],
  ['starting', YELLOW],
  ['stopping', YELLOW],
  ['deleting', YELLOW],
  ['degraded', YELLOW],
  ['broken', RED],
  ['missing', RED],
  ['stopped', GREY],
])

/** No colour leaves the text as it is. */
export function createPaint(color: boolean): Paint {
  if (!color) return (text) => text
  return (text, meaning) => {
    const code = colors.get(meaning)
    return code === undefined ? text : `\u001b[${code}m${text}\u001b[39m`
  }
}

/** Whether to colour: a terminal, and nobody objects (no-color.org). */
export function wantsColor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}
