/** What is between the lines above and below: a question, what is wrong, or the screen itself. */
import type { ReactNode } from 'react'
import { bodySize, currentView, type State } from '../model/state.ts'
import { ScreenBody } from '../screens/draw.tsx'
import { DialogBox } from './dialog.tsx'
import { Help } from './help.tsx'
import { LinkDown } from './link-down.tsx'
import { ScreenGuard } from './screen-guard.tsx'

export function Body({ state }: { readonly state: State }): ReactNode {
  const size = bodySize(state)
  const view = currentView(state)
  if (state.help !== undefined) return <Help screen={view.screen} top={state.help} size={size} />
  if (state.dialog) return <DialogBox dialog={state.dialog} size={size} />
  if (state.world.link.state === 'down') return <LinkDown link={state.world.link} now={state.now} />
  return (
    <ScreenGuard state={state}>
      <ScreenBody view={view} state={state} size={size} />
    </ScreenGuard>
  )
}
