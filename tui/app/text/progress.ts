/** PURE: how far something has come, in one line. */
import { escapeControls } from '../../cli/render/escape.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import { cutTo, widthOf } from './fit.ts'
import type { Line } from './line.ts'

export interface Advance {
  /** In the user's words: `stop web`. */
  readonly label: string
  readonly message?: string | undefined
  /** Of 1; absent where it is not known. */
  readonly fraction?: number | undefined
}

/** `stop web: the guest is asked`, without what is drawn. */
export function describeAdvance({ label, message, fraction }: Advance): string {
  return escapeControls(`${label}${message === undefined ? '' : `: ${message}`}${fraction === undefined ? '' : `, ${percentOf(fraction)}`}`)
}

/** The words, and where it is known how much is done a bar, its end at the right. */
export function drawAdvance(advance: Advance, width: number, glyphs: Glyphs): Line {
  const { label, message, fraction } = advance
  const words = message === undefined ? label : `${label}: ${message}`
  if (fraction === undefined) return [{ text: cutTo(words, width, glyphs.ellipsis) }]
  const share = ` ${percentOf(fraction).padStart(4)}`
  const cells = Math.max(0, Math.min(LONGEST_BAR, Math.floor(width / 3)) - share.length)
  const bar = drawBar(fraction, cells, glyphs)
  const room = width - cells - share.length - 1
  const cut = cutTo(words, room, glyphs.ellipsis)
  return [
    { text: `${cut}${' '.repeat(Math.max(0, room - widthOf(cut)))} ` },
    { text: bar.filled, meaning: 'progress' },
    { text: bar.empty, look: 'dim' },
    { text: share },
  ]
}

const LONGEST_BAR = 40

/** A bar of so many cells, in its two parts. */
export function drawBar(fraction: number, cells: number, { filled, empty }: Glyphs): { readonly filled: string; readonly empty: string } {
  const done = Math.round(fraction * cells)
  return { filled: filled.repeat(done), empty: empty.repeat(cells - done) }
}

/** Cut and not rounded: it is 100% only when all is done. */
export function percentOf(fraction: number): string {
  return `${Math.floor(fraction * 100)}%`
}
