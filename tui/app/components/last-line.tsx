/** The line above the keys: what is being typed, what came of something, or what is under way. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { noticeRows, whyReadOnly, type State } from '../model/state.ts'
import type { Operation } from '../model/world.ts'
import { cutTo } from '../text/fit.ts'
import type { Advance } from '../text/progress.ts'
import { useTheme } from '../theme/theme.ts'
import { ProgressBar } from './progress-bar.tsx'
import { PromptLine } from './prompt-line.tsx'

export function LastLine({ state }: { readonly state: State }): ReactNode {
  const { paint, dim, glyphs } = useTheme()
  const { prompt, notice, world, size } = state
  if (prompt) return <PromptLine prompt={prompt} size={size} />
  const cut = (text: string): string => cutTo(text, size.columns, glyphs.ellipsis)
  if (notice) {
    return (
      <Box flexDirection="column">
        {noticeRows(state).map((row, index) => (
          <Text key={index} wrap="truncate">
            {paint(row, notice.kind)}
          </Text>
        ))}
      </Box>
    )
  }
  const [operation] = world.operations
  if (operation) return <ProgressBar advance={advanceOf(operation, world.operations.length - 1)} width={size.columns} />
  const obstacle = world.link.state === 'up' ? whyReadOnly(state) : undefined
  return <Text wrap="truncate">{obstacle === undefined ? ' ' : dim(cut(obstacle))}</Text>
}

function advanceOf({ label, message, fraction }: Operation, others: number): Advance {
  return { label: others > 0 ? `${label} (and ${others} more)` : label, message, fraction }
}
