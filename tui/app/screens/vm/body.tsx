/** One VM. */
import { Box, useIsScreenReaderEnabled } from 'ink'
import type { ReactNode } from 'react'
import { LineOf } from '../../components/lines.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import type { VmView } from '../../model/views.ts'
import { useTheme } from '../../theme/theme.ts'
import type { ScreenProps } from '../screen.ts'
import { vmRows } from './rows.ts'

export function VmBody({ view, state, size }: ScreenProps<VmView>): ReactNode {
  const { glyphs } = useTheme()
  const rows = vmRows(view, state, { size, glyphs, readAloud: useIsScreenReaderEnabled() })
  const top = Math.max(0, Math.min(view.scroll.top, rows.length - size.rows))
  return (
    <Box flexDirection="column" height={size.rows} overflow="hidden">
      {rows.slice(top, top + size.rows).map((row, index) =>
        'advance' in row ? (
          <ProgressBar key={index} advance={row.advance} width={size.columns} />
        ) : (
          <LineOf key={index} line={row.line} width={size.columns} />
        ),
      )}
    </Box>
  )
}
