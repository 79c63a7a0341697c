/** PURE: which piece of a log is to be asked for next, for what is shown of it. */
import { afterLast, endOf, PIECE_BYTES, startOf, type LogText } from '../../model/log-text.ts'
import type { LogView } from '../../model/views.ts'
import { settle, type LogLook } from './window.ts'

export type Want =
  /** The last piece, or the first: the text begins anew with it. */
  | { readonly kind: 'end' }
  | { readonly kind: 'start' }
  | { readonly kind: 'older'; readonly offset: number; readonly limitBytes: number }
  /** `soon`: that there is more is not known, so there is time. */
  | { readonly kind: 'newer'; readonly offset: number; readonly soon: boolean }

/** So many windows of text are there beyond the one that is shown, before one gets there. */
const AHEAD = 2

export function wantedPiece(view: LogView, log: LogText | undefined, look: LogLook): Want | undefined {
  if (log?.vm !== view.vm || log.source !== view.source) return { kind: 'end' }
  const newer = (soon: boolean): Want => ({ kind: 'newer', offset: endOf(log), soon })
  if (view.follow) return log.atEnd ? newer(true) : { kind: 'end' }
  if (view.at.line === -Infinity && !log.atStart) return { kind: 'start' }
  const { line } = settle(log, view.at, look)
  if (!log.atStart && line - log.first < look.height * AHEAD) {
    const offset = Math.max(0, startOf(log) - PIECE_BYTES)
    return { kind: 'older', offset, limitBytes: startOf(log) - offset }
  }
  // Whoever reads further up needs no more of it, and what comes would take the place of what is read.
  if (afterLast(log) - line < look.height * (1 + AHEAD)) return newer(log.atEnd)
  return undefined
}
