/** The keys of the current screen, from the one table. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { bindingsOf } from '../keys/keymap.ts'
import type { Size } from '../model/state.ts'
import type { ScreenName } from '../model/views.ts'
import { cutTo } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

/** A title, or keys with what they do. */
export type HelpLine = { readonly title: string } | { readonly keys: string; readonly about: string }

export function helpLines(screen: ScreenName): HelpLine[] {
  return bindingsOf(screen).flatMap(({ title, bindings }, index) => [
    ...(index === 0 ? [] : [{ title: '' }]),
    { title },
    ...bindings.map(({ keys, about }) => ({ keys: keys.join(' '), about })),
  ])
}

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
