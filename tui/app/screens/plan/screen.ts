import { scrollBy } from '../../model/scroll.ts'
import { bodySize } from '../../model/state.ts'
import type { PlanView } from '../../model/views.ts'
import type { Screen } from '../screen.ts'
import { PlanBody } from './body.tsx'
import { planLines } from './lines.ts'

export const planScreen: Screen<PlanView> = {
  title: () => 'plan',
  Body: PlanBody,
  scroll(view, state, by) {
    const { columns, rows } = bodySize(state)
    return { ...view, scroll: scrollBy(view.scroll, by, planLines(view, columns).length, rows) }
  },
}
