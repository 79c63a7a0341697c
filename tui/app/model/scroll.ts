/** PURE: a text that is scrolled through. */

export interface ScrollState {
  /** First line that is shown. */
  readonly top: number
}

/** Moves by so many lines, and stays where there is text: `lines` of it in all, `height` of them shown. */
export function scrollBy({ top }: ScrollState, by: number, lines: number, height: number): ScrollState {
  return { top: Math.max(0, Math.min(top + by, lines - height)) }
}
