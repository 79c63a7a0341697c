/** Keys of the rows of a list, made once for each array of rows: every key and every frame asks for them, several times. */
export function createKeys<Row>(keyOf: (row: Row) => string): (rows: readonly Row[]) => readonly string[] {
  const known = new WeakMap<readonly Row[], readonly string[]>()
  return (rows) => {
    const before = known.get(rows)
    if (before) return before
    const keys = rows.map(keyOf)
    known.set(rows, keys)
    return keys
  }
}
