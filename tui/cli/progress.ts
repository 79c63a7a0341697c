/** One line on stderr that says what the daemon is doing, overwritten in place and gone at the end. */
import type { Progress } from '../../policy/api/events.ts'
import { escapeControls } from './render/escape.ts'

export interface ProgressLine {
  readonly show: (progress: Progress, subject?: string) => void
  /** Removes the line; whatever is printed next begins at its place. */
  readonly clear: () => void
}

/** Return to the first column and erase to the line's end (ECMA-48: CR, EL). */
const ERASE = '\r\u001b[K'

/** A serial line, and some pseudo-terminals, have 0 columns: they do not know. */
const UNKNOWN_WIDTH = 80

/** Silent where the stream is no terminal. */
export function createProgressLine(stream: NodeJS.WriteStream, enabled: boolean): ProgressLine {
  if (!enabled || !stream.isTTY) return { show() {}, clear() {} }
  let shown = false
  return {
    show(progress, subject) {
      shown = true
      stream.write(ERASE + formatProgress(progress, subject, stream.columns || UNKNOWN_WIDTH))
    },
    clear() {
      if (shown) stream.write(ERASE)
      shown = false
    },
  }
}

/** Cut to one column less than the terminal has: a full line would wrap, and then could not be erased. */
export function formatProgress({ message, fraction }: Progress, subject: string | undefined, columns: number): string {
  const share = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)}%`
  const text = escapeControls(subject === undefined ? message : `${subject}: ${message}`)
  const room = Math.max(0, columns - 1 - share.length)
  const characters = [...text]
  return (characters.length > room ? `${characters.slice(0, Math.max(0, room - 3)).join('')}...` : text) + share
}
