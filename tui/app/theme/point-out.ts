/**
 * PURE: what stands for reverse video where a terminal has no attributes: a `>` in the blank before the text or behind its mark,
 * in the brackets of a button, and `_` for a cursor behind a text. As wide as before.
 */
export function pointOut(text: string): string {
  if (text === ' ') return '_'
  const button = /^\[ (.*) \]$/.exec(text)
  if (button) return `[>${button[1]}<]`
  if (text.startsWith('  ')) return `> ${text.slice(2)}`
  return text.startsWith('* ') ? `*>${text.slice(2)}` : text
}
