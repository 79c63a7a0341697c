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
  /** Eighths of a cell, lowest first: a graph has so many steps in each line. */
  readonly levels: readonly string[]
  readonly border: 'round' | 'classic'
  readonly spinner: readonly string[]
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
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
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
  spinner: ['|', '/', '-', '\\'],
}

/** By the locale's character set, as locale(7) finds it: the first of these that is set counts. */
export function chooseGlyphs(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale) ? unicode : ascii
}
