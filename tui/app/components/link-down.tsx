/** Stands in for the screen while no daemon answers. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { escapeControls } from '../../cli/render/escape.ts'
import type { LinkState } from '../model/world.ts'
import { formatSpan } from '../text/ago.ts'
import { useTheme } from '../theme/theme.ts'

type Down = Extract<LinkState, { state: 'down' }>

export function LinkDown({ link, now }: { readonly link: Down; readonly now: number }): ReactNode {
  const { paint, dim } = useTheme()
  return (
    <Box flexDirection="column" padding={1} gap={1}>
      <Text>{paint(escapeControls(link.message), 'error')}</Text>
      {link.hint !== undefined && <Text>{escapeControls(link.hint)}</Text>}
      <Text>{dim(`Trying again by itself, for ${formatSpan(now - link.since)} now. q leaves.`)}</Text>
    </Box>
  )
}
