/** PURE: rows that hold what was typed: words in any order and in any case, each somewhere in what the row shows. */
export function filterRows<Row>(rows: readonly Row[], filter: string, shownOf: (row: Row) => readonly string[]): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const text = shownOf(row).join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
