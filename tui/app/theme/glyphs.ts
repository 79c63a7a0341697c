/** Characters beyond ASCII, and what stands in for them where the terminal's character set may not have them. */

export interface Glyphs {
  readonly mark: string
  readonly ellipsis: string
  readonly ascending: string
  readonly descending: string
  readonly separator: string
  /** Around what left and right change. */
  readonly left: string
  readonly right: string
  readonly rule: string
  readonly filled: string
  readonly empty: string
  /** Parts of a cell, lowest first: a graph has so many steps in each line, and there is none without. */
  readonly levels: readonly string[]
  readonly border: 'round' | 'single' | 'classic'
}

const unicode: Glyphs = {
  mark: '●',
  ellipsis: '…',
  ascending: '↑',
  descending: '↓',
  separator: '›',
  left: '‹',
  right: '›',
  rule: '─',
  filled: '█',
  empty: '░',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  border: 'round',
}

const ascii: Glyphs = {
  mark: '*',
  ellipsis: '~',
  ascending: '^',
  descending: 'v',
  separator: '>',
  left: '<',
  right: '>',
  rule: '-',
  filled: '#',
  empty: '.',
  levels: ['_', '.', ':', '#'],
  border: 'classic',
}

/** What the fonts of Linux's own console have (console_codes(4), code page 437). */
const linuxConsole: Glyphs = {
  ...unicode,
  mark: '■',
  ellipsis: '~',
  separator: '»',
  left: '«',
  right: '»',
  levels: ['_', '▄', '█'],
  border: 'single',
}

/** What is read aloud has no need of pictures. */
export const spokenGlyphs: Glyphs = { ...ascii, levels: [] }

/** By the locale's character set, as locale(7) finds it: the first of these that is set counts. */
export function chooseGlyphs(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  if (!/utf-?8/i.test(locale) || env['TERM'] === 'dumb') return ascii
  return env['TERM'] === 'linux' ? linuxConsole : unicode
}
