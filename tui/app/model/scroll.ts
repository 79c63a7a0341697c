/** PURE: a text that is scrolled through. */

export interface ScrollState {
  /** First line that is shown. */
  readonly top: number
}

/** Lines of a text of so many that are shown: one that is longer than the room for it has a line that says where one is. */
export function shownLines(lines: number, rows: number): number {
  return lines > rows ? Math.max(1, rows - 1) : rows
}

/** Moves by so many lines, and stays where there is text: `lines` of it in all, `height` of them shown. */
export function scrollBy({ top }: ScrollState, by: number, lines: number, height: number): ScrollState {
  return { top: Math.max(0, Math.min(top + by, lines - height)) }
}
