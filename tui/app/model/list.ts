/** PURE: a list that is scrolled through, marked in and filtered. Rows are known by keys, so that it stays with its row when others come and go. */

export interface ListState {
  /** Key of the row that the cursor is on; the one at `index` where it is gone or was never set. */
  readonly cursor?: string
  /** Where the cursor was, for when its row goes: the next one takes its place. */
  readonly index: number
  /** First row that is shown. */
  readonly top: number
  readonly filter: string
  /** Keys of marked rows, for bulk actions. */
  readonly marks: ReadonlySet<string>
}

export const emptyList: ListState = { index: 0, top: 0, filter: '', marks: new Set() }

/** Index of the cursor among `keys`; 0 also where there is none. */
export function cursorIndex({ cursor, index }: ListState, keys: readonly string[]): number {
  const found = cursor === undefined ? -1 : keys.indexOf(cursor)
  return found >= 0 ? found : Math.max(0, Math.min(index, keys.length - 1))
}

/** Key of the row under the cursor. */
export function cursorKey(list: ListState, keys: readonly string[]): string | undefined {
  return keys[cursorIndex(list, keys)]
}

/** The first row of a window of `height` rows that holds the cursor, moved no more than needed. */
export function windowTop(list: ListState, keys: readonly string[], height: number): number {
  const at = cursorIndex(list, keys)
  const last = Math.max(0, keys.length - height)
  return Math.max(0, Math.min(last, Math.max(at - height + 1, Math.min(list.top, at))))
}

/** Puts the cursor on the row at `index`, or as near as there are rows. */
export function moveTo(list: ListState, keys: readonly string[], index: number, height: number): ListState {
  const at = Math.max(0, Math.min(index, keys.length - 1))
  const cursor = keys[at]
  const moved: ListState = { ...list, index: at, ...(cursor !== undefined && { cursor }) }
  return { ...moved, top: windowTop(moved, keys, height) }
}

export function moveBy(list: ListState, keys: readonly string[], by: number, height: number): ListState {
  return moveTo(list, keys, cursorIndex(list, keys) + by, height)
}

export function toggleMark(list: ListState, key: string): ListState {
  const marks = new Set(list.marks)
  if (!marks.delete(key)) marks.add(key)
  return { ...list, marks }
}

/** Marks all rows that are shown; where all are marked, none. */
export function toggleAll(list: ListState, keys: readonly string[]): ListState {
  const all = keys.length > 0 && keys.every((key) => list.marks.has(key))
  return { ...list, marks: new Set(all ? [] : keys) }
}

/** What an action is for: the marked rows that are shown, or the one under the cursor. */
export function chosenKeys(list: ListState, keys: readonly string[]): string[] {
  const marked = list.marks.size === 0 ? [] : keys.filter((key) => list.marks.has(key))
  const current = cursorKey(list, keys)
  return marked.length > 0 ? marked : current === undefined ? [] : [current]
}

export function setFilter(list: ListState, filter: string): ListState {
  return { ...list, filter, top: 0 }
}
