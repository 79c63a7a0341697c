/** PURE: what a terminal shows, as an SVG: runs of cells that look the same are a text each. */

/** One cell of a terminal; colours are those of ECMA-48, 0 to 15, absent for the terminal's own. */
export interface Cell {
  readonly text: string
  readonly color?: number
  readonly bold: boolean
  readonly dim: boolean
  readonly inverse: boolean
}

/** Pixels of a cell, and of the rim. */
const WIDTH = 8.4
const HEIGHT = 18
const RIM = 10
const FONT = 14

const BACKGROUND = '#16181d'
const FOREGROUND = '#d7dae0'
const PALETTE = ['#3b4048', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0', '#7f848e', '#ff7b86', '#b5e890', '#ffd68a', '#82c4ff', '#dd92f2', '#7fd5de', '#ffffff']

export function drawSvg(rows: readonly (readonly Cell[])[], title: string): string {
  const columns = Math.max(...rows.map((row) => row.length))
  const width = Math.ceil(columns * WIDTH + 2 * RIM)
  const height = rows.length * HEIGHT + 2 * RIM
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>`,
    ...rows.flatMap((row, index) => splitRuns(row).flatMap((run) => drawRun(run, index))),
    '</svg>',
    '',
  ].join('\n')
}

interface Run {
  readonly at: number
  readonly cells: readonly Cell[]
}

function splitRuns(row: readonly Cell[]): Run[] {
  const runs: { at: number; cells: Cell[] }[] = []
  row.forEach((cell, at) => {
    const last = runs.at(-1)
    if (last && isAlike(last.cells[0]!, cell)) last.cells.push(cell)
    else runs.push({ at, cells: [cell] })
  })
  return runs
}

function isAlike(a: Cell, b: Cell): boolean {
  return a.color === b.color && a.bold === b.bold && a.dim === b.dim && a.inverse === b.inverse
}

function drawRun({ at, cells }: Run, row: number): string[] {
  const { color, bold, dim, inverse } = cells[0]!
  const text = cells.map((cell) => cell.text || ' ').join('')
  const x = (RIM + at * WIDTH).toFixed(1)
  const y = RIM + row * HEIGHT
  const width = (cells.length * WIDTH).toFixed(1)
  const ink = color === undefined ? FOREGROUND : PALETTE[color]!
  const ground = inverse ? [`<rect x="${x}" y="${y}" width="${width}" height="${HEIGHT}" fill="${ink}"/>`] : []
  if (text.trim() === '') return ground
  const look = `fill="${inverse ? BACKGROUND : ink}"${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`
  return [...ground, `<text x="${x}" y="${y + HEIGHT - 5}" ${look} textLength="${width}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escapeXml(text)}</text>`]
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!)
}
