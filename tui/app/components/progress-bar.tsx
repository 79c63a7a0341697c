/** How far something has come. */
import { Box } from 'ink'
import type { ReactNode } from 'react'
import { describeAdvance, drawAdvance, type Advance } from '../text/progress.ts'
import { useTheme } from '../theme/theme.ts'
import { LineOf } from './lines.tsx'

export function ProgressBar({ advance, width }: { readonly advance: Advance; readonly width: number }): ReactNode {
  const { glyphs } = useTheme()
  return (
    <Box aria-role="progressbar" aria-label={describeAdvance(advance)}>
      <LineOf line={drawAdvance(advance, width, glyphs)} width={width} />
    </Box>
  )
}
