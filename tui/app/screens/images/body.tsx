/** All images, one a line, and below what there is to say about the one under the cursor. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { ImageFirstBoot } from '../../../../policy/api/image.ts'
import { formatBytes, formatQuantity } from '../../../cli/quantity.ts'
import { LineOf } from '../../components/lines.tsx'
import { Table, type Column } from '../../components/table.tsx'
import type { ImagesView } from '../../model/views.ts'
import type { Operation, World } from '../../model/world.ts'
import { cutTo } from '../../text/fit.ts'
import type { Line } from '../../text/line.ts'
import { drawBar, percentOf } from '../../text/progress.ts'
import { useTheme } from '../../theme/theme.ts'
import type { Glyphs } from '../../theme/glyphs.ts'
import type { ScreenProps } from '../screen.ts'
import { detailsOf, DETAIL_LINES } from './details.ts'
import { currentImageRow, imageRowsOf } from './current-row.ts'
import { sourceOf, type ImageRow } from './rows.ts'

/** The details, and a rule above them. */
export const FOOT_LINES = DETAIL_LINES + 1

export function ImagesBody({ view, state, size }: ScreenProps<ImagesView>): ReactNode {
  const { glyphs, paint } = useTheme()
  const { world } = state
  const rows = imageRowsOf(view, world)
  if (rows.length === 0 && view.list.filter === '') {
    if (world.images.error !== undefined) return <Text>{paint(cutTo(world.images.error, size.columns, glyphs.ellipsis), 'error')}</Text>
    return world.images.items ? <NoImages /> : <Text> </Text>
  }
  const room = { ...size, rows: Math.max(1, size.rows - FOOT_LINES) }
  return (
    <Box flexDirection="column" height={size.rows}>
      <Box height={room.rows} flexDirection="column" overflow="hidden">
        <Table columns={columnsOf(glyphs)} rows={rows} keyOf={({ key }) => key} list={view.list} size={room} empty={`No image holds "${view.list.filter}"; esc takes the filter away`} />
      </Box>
      <Details row={currentImageRow(state)} world={world} width={size.columns} />
    </Box>
  )
}

function NoImages(): ReactNode {
  const { paint } = useTheme()
  const way = (key: string, about: string): string => `${paint(key, 'key')}  ${about}`
  return (
    <Box flexDirection="column" padding={1} gap={1}>
      <Text>No image yet, and a VM stands on one.</Text>
      <Box flexDirection="column">
        <Text>{way('p', 'pulls one: Debian, Ubuntu, Fedora, Alpine, or any by its URL')}</Text>
        <Text>{way('b', "builds one of Debian's packages: tiny, in a minute, or a whole Debian")}</Text>
        <Text>{way('i', 'imports a disk file of this host')}</Text>
      </Box>
    </Box>
  )
}

function Details({ row, world, width }: { readonly row: ImageRow | undefined; readonly world: World; readonly width: number }): ReactNode {
  const { glyphs } = useTheme()
  const rule: Line = [{ text: glyphs.rule.repeat(width), look: 'dim' }]
  return (
    <Box flexDirection="column">
      {[rule, ...(row ? detailsOf(row, world) : [])].map((line, index) => (
        <LineOf key={index} line={line} width={width} />
      ))}
    </Box>
  )
}

function columnsOf(glyphs: Glyphs): Column<ImageRow>[] {
  return [
    { title: 'NAME', width: 14, grow: 2, cell: ({ name }) => name, meaning: (row) => ('image' in row && row.image.problem !== undefined ? 'broken' : '') },
    { title: 'DISK', width: 9, align: 'right', cell: (row) => ('image' in row ? formatQuantity(row.image.virtualSizeMiB, 'MiB') : '') },
    { title: 'FILE', width: 9, align: 'right', from: 70, cell: (row) => ('image' in row ? formatBytes(row.image.fileBytes) : '') },
    { title: 'VMS', width: 4, align: 'right', cell: (row) => ('image' in row ? String(row.image.usedBy.length) : '') },
    { title: 'FIRST BOOT', width: 11, cell: (row) => ('image' in row ? formatWay(row.image.firstBoot) : verbs[row.operation.method]) ?? '' },
    { title: 'FROM', width: 16, grow: 5, cell: (row) => ('image' in row ? (row.image.problem ?? sourceOf(row.image)) : formatOperation(row.operation, glyphs)), meaning: (row) => ('image' in row && row.image.problem !== undefined ? 'broken' : '') },
  ]
}

const verbs: Readonly<Record<string, string>> = { 'image.pull': 'pulling', 'image.build': 'building', 'image.import': 'importing' }

/** What is likely alone has a question mark. */
function formatWay({ way, toldBy }: ImageFirstBoot): string {
  return toldBy === 'assumed' ? `${way}?` : way
}

const BAR_CELLS = 10

/** As wide as its place is at the least: the words are below, when the cursor is on it. */
function formatOperation({ message = '', fraction }: Operation, glyphs: Glyphs): string {
  if (fraction === undefined) return message
  const { filled, empty } = drawBar(fraction, BAR_CELLS, glyphs)
  return `${filled}${empty} ${percentOf(fraction).padStart(4)}  ${message}`
}
