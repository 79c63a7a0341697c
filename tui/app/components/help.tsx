/** The keys of the current screen, from the one table. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { helpLines } from '../keys/help-lines.ts'
import type { Size } from '../model/state.ts'
import type { ScreenName } from '../model/views.ts'
import { cutTo } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

const KEYS_WIDTH = 18

export function Help({ screen, top, size }: { readonly screen: ScreenName; readonly top: number; readonly size: Size }): ReactNode {
  const { bold, paint, glyphs } = useTheme()
  return (
    <Box flexDirection="column" height={size.rows} overflow="hidden">
      {helpLines(screen)
        .slice(top, top + size.rows)
        .map((line, index) => (
          <Text key={index} wrap="truncate">
            {'title' in line
              ? bold(line.title || ' ')
              : `  ${paint(line.keys.padEnd(KEYS_WIDTH), 'key')}${cutTo(line.about, size.columns - KEYS_WIDTH - 2, glyphs.ellipsis)}`}
          </Text>
        ))}
    </Box>
  )
}
