import type { ReactNode } from 'react'
import type { Size, State } from '../model/state.ts'
import type { View } from '../model/views.ts'
import { screenOf } from './all.ts'

export function ScreenBody({ view, state, size }: { readonly view: View; readonly state: State; readonly size: Size }): ReactNode {
  const { Body } = screenOf(view)
  return <Body view={view} state={state} size={size} />
}

export function titleOf(view: View, state: State): string {
  return screenOf(view).title(view, state)
}
