/** Rows in columns, of which only those in the window are made. */
import { Box, Text, useIsScreenReaderEnabled } from 'ink'
import { memo, type ReactNode } from 'react'
import { escapeControls } from '../../cli/render/escape.ts'
import { cursorIndex, windowTop, type ListState } from '../model/list.ts'
import type { Size } from '../model/state.ts'
import { cutTo, fit } from '../text/fit.ts'
import { useTheme, type Theme } from '../theme/theme.ts'
import { SpokenRow } from './spoken-row.tsx'

export interface Column<Row> {
  readonly title: string
  /** Cells at the least. */
  readonly width: number
  /** Its share of what is left of the line. */
  readonly grow?: number
  readonly align?: 'right'
  /** Left out where the terminal has fewer columns than this. */
  readonly from?: number
  readonly cell: (row: Row) => string
  /** What its colour says. */
  readonly meaning?: (row: Row) => string
  /** The arrow of the column that is sorted by. */
  readonly sorted?: 'ascending' | 'descending'
}

export interface TableProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly list: ListState
  readonly size: Size
  /** What stands there where there are no rows. */
  readonly empty: string
  /** Whether rows can be marked: a column for the marks. */
  readonly marks?: boolean
}

export function Table<Row>(props: TableProps<Row>): ReactNode {
  return useIsScreenReaderEnabled() ? speakTable(props) : <DrawnTable {...props} />
}

function speakTable<Row>({ columns, rows, keyOf, list, empty }: TableProps<Row>): ReactNode {
  const keys = rows.map(keyOf)
  const index = cursorIndex(list, keys)
  const row = rows[index]
  if (row === undefined) return <Text>{escapeControls(empty)}</Text>
  const cells = columns.map(({ title, cell }) => [title, cutTo(cell(row), Infinity, '')] as const)
  return <SpokenRow cells={cells} index={index} count={rows.length} isMarked={list.marks.has(keys[index]!)} marked={keys.filter((key) => list.marks.has(key)).length} />
}

function DrawnTable<Row>({ columns, rows, keyOf, list, size, empty, marks = false }: TableProps<Row>): ReactNode {
  const theme = useTheme()
  // Where there is no bar, what points at the current row needs the room of the marks.
  const hasMargin = marks || theme.plain
  const shown = layOut(columns, size.columns - (hasMargin ? 2 : 0))
  const keys = rows.map(keyOf)
  // The one line that there is shows a row.
  const hasHead = size.rows > 1
  const height = size.rows - Number(hasHead)
  const top = windowTop(list, keys, height)
  const at = cursorIndex(list, keys)
  const head = shown.map(({ column, width }) => fit(titleOf(column, theme), width, theme.glyphs.ellipsis, column.align)).join(' ')
  return (
    <Box flexDirection="column" aria-role="list">
      {hasHead && <Text wrap="truncate">{theme.bold(`${hasMargin ? '  ' : ''}${head}`)}</Text>}
      {rows.length === 0 && <Text>{theme.dim(cutTo(empty, size.columns, theme.glyphs.ellipsis))}</Text>}
      {rows.slice(top, top + height).map((row, index) => {
        const key = keys[top + index]!
        const isCurrent = top + index === at
        return <Line key={key} current={isCurrent} text={drawRow(shown, row, { theme, isCurrent, ...(hasMargin && { isMarked: list.marks.has(key) }) })} />
      })}
    </Box>
  )
}

/** Drawn anew only where its text is another one. */
const Line = memo(({ text, current }: { readonly text: string; readonly current: boolean }) => (
  <Box aria-role="listitem" aria-state={{ selected: current }}>
    <Text wrap="truncate">{text}</Text>
  </Box>
))

interface Placed<Row> {
  readonly column: Column<Row>
  readonly width: number
}

/** Which columns there is room for, and how wide each is; one blank between two. */
function layOut<Row>(columns: readonly Column<Row>[], width: number): Placed<Row>[] {
  const shown = columns.filter(({ from = 0 }) => width >= from - 2)
  const left = Math.max(0, width - shown.reduce((sum, column) => sum + column.width + 1, -1))
  const shares = shown.reduce((sum, { grow = 0 }) => sum + grow, 0)
  return shown.map((column) => ({ column, width: column.width + (column.grow ? Math.floor((left * column.grow) / shares) : 0) }))
}

function titleOf<Row>({ title, sorted }: Column<Row>, { glyphs }: Theme): string {
  return sorted ? `${title}${glyphs[sorted]}` : title
}

/** The current row is one inverse bar: colours inside it would be hard to read. */
function drawRow<Row>(shown: readonly Placed<Row>[], row: Row, look: { readonly theme: Theme; readonly isCurrent: boolean; readonly isMarked?: boolean }): string {
  const { theme, isCurrent, isMarked } = look
  const { ellipsis, mark } = theme.glyphs
  const cells = shown.map(({ column, width }) => {
    const text = fit(column.cell(row), width, ellipsis, column.align)
    return isCurrent || !column.meaning ? text : theme.paint(text, column.meaning(row))
  })
  const line = `${isMarked === undefined ? '' : isMarked ? `${mark} ` : '  '}${cells.join(' ')}`
  return isCurrent ? theme.inverse(line) : line
}
