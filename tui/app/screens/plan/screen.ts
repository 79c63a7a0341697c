import type { PlanView } from '../../model/views.ts'
import { textScreen } from '../text-screen.tsx'
import { planLines } from './lines.ts'

export const planScreen = textScreen<PlanView>({
  title: () => 'plan',
  lines: (view, _state, { columns }) => planLines(view, columns),
})
