import { Box } from 'ink'
import type { ReactNode } from 'react'
import { LineOf } from '../../components/lines.tsx'
import type { PlanView } from '../../model/views.ts'
import type { ScreenProps } from '../screen.ts'
import { planLines } from './lines.ts'

export function PlanBody({ view, size: { columns, rows } }: ScreenProps<PlanView>): ReactNode {
  const { top } = view.scroll
  return (
    <Box flexDirection="column">
      {planLines(view, columns)
        .slice(top, top + rows)
        .map((line, index) => (
          <LineOf key={index} line={line} width={columns} />
        ))}
    </Box>
  )
}
