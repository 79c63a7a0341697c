/** PURE: a line that is being typed below the screen. */
import type { Candidate } from '../../cli/completion/candidates.ts'
import { wrap } from '../text/wrap.ts'
import type { TextField } from './text-field.ts'

export interface CommandPrompt {
  readonly kind: 'command'
  readonly field: TextField
  /** What may stand at the cursor, shown above the line. */
  readonly offer?: Offer
  /** Which of the lines typed before stands there; `draft` is what was typed before they were looked at. */
  readonly recalled?: { readonly at: number; readonly draft: string }
  /** Why the line could not be carried out, shown above it. */
  readonly problem?: string
}

export interface Offer {
  readonly candidates: readonly Candidate[]
  /** Index of the one that stands in the line now. */
  readonly chosen?: number
  /** Where the word begins that they are for, and the line without any of them. */
  readonly start: number
  readonly before: TextField
}

export type Prompt =
  /** `before` comes back with esc. */
  { readonly kind: 'filter'; readonly field: TextField; readonly before: string } | CommandPrompt

/** Candidates that are shown at once. */
const SHOWN = 8

/** Candidates around the chosen one, as many as there is room for. */
export function shownCandidates({ candidates, chosen = 0 }: Offer, rows: number): readonly (Candidate & { readonly index: number })[] {
  const height = Math.min(SHOWN, Math.max(1, Math.floor(rows / 3)))
  const top = Math.max(0, Math.min(candidates.length - height, chosen - Math.floor(height / 2)))
  return candidates.slice(top, top + height).map((candidate, index) => ({ ...candidate, index: top + index }))
}

export function problemLines({ problem }: CommandPrompt, columns: number): readonly string[] {
  return problem === undefined ? [] : wrap(problem, columns)
}

/** Lines of the terminal that a prompt takes from the screen above it. */
export function linesAbove(prompt: Prompt, { columns, rows }: { readonly columns: number; readonly rows: number }): number {
  if (prompt.kind !== 'command') return 0
  return problemLines(prompt, columns).length + (prompt.offer ? shownCandidates(prompt.offer, rows).length : 0)
}
