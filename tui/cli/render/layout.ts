/** Columns and wrapped prose. Widths are counted in code points. */

/** Rows in aligned columns, two blanks between them, none at the end of a line. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))))
  return rows.map((row) => row.map((cell, index) => padTo(cell, widths[index]!)).join('  ').trimEnd())
}

/** Text cut into lines of at most `width`, at blanks; a longer word stands alone. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let room = 0
  for (const word of text.split(' ')) {
    const needed = widthOf(word) + 1
    const fits = needed <= room
    if (fits) lines.push(`${lines.pop()} ${word}`)
    else lines.push(word)
    room = (fits ? room : width + 1) - needed
  }
  return lines
}

/** Term and explanation, the explanation wrapped in a column of its own; below the term where that is too long for it. */
export function describeTerms(terms: readonly (readonly [term: string, about: string])[], width: number): string[] {
  const fitting = terms.map(([term]) => widthOf(term)).filter((each) => each <= WIDEST_TERM)
  const indent = Math.max(0, ...fitting) + 4
  return terms.flatMap(([term, about]) => {
    const [first = '', ...rest] = wrapText(about, Math.max(20, width - indent))
    const alone = widthOf(term) > WIDEST_TERM
    const head = alone ? [`  ${term}`, `${' '.repeat(indent)}${first}`] : [`  ${padTo(term, indent - 2)}${first}`.trimEnd()]
    return [...head, ...rest.map((line) => `${' '.repeat(indent)}${line}`)]
  })
}

const WIDEST_TERM = 26

/** Printed width, without the colours' own characters. */
function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  return [...text.replace(/\u001b\[\d+m/g, '')].length
}

function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
