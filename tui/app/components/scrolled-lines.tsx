/** The part of a long text that there is room for. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { scrollBy, shownLines } from '../model/scroll.ts'
import type { Size } from '../model/state.ts'
import type { Line } from '../text/line.ts'
import { useTheme } from '../theme/theme.ts'
import { LineOf } from './lines.tsx'

export function ScrolledLines({ lines, top, size }: { readonly lines: readonly Line[]; readonly top: number; readonly size: Size }): ReactNode {
  const { dim } = useTheme()
  const height = shownLines(lines.length, size.rows)
  // The text may have become shorter since it was scrolled.
  const first = scrollBy({ top }, 0, lines.length, height).top
  return (
    <Box flexDirection="column" height={size.rows}>
      {lines.slice(first, first + height).map((line, index) => (
        <LineOf key={index} line={line} width={size.columns} />
      ))}
      {height < lines.length && <Text>{dim(`lines ${first + 1} to ${Math.min(lines.length, first + height)} of ${lines.length}`)}</Text>}
    </Box>
  )
}
