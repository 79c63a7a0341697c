/** The second line: where one is, `VMs › web › logs`, and where else one can go. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import { findBinding, tabs } from '../keys/keymap.ts'
import { currentView, type State } from '../model/state.ts'
import { titleOf } from '../screens/draw.tsx'
import { fit, widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

const GAP = 2

export function TitleLine({ state }: { readonly state: State }): ReactNode {
  const { bold, paint, glyphs } = useTheme()
  const { columns } = state.size
  const path = state.help === undefined ? state.stack.map((view) => titleOf(view, state)).join(` ${glyphs.separator} `) : 'Keys'
  // Not where their keys are typed into a form.
  const { screen } = currentView(state)
  const others = tabs.filter(({ keys: [key], action }) => findBinding(screen, key)?.action === action).map(({ keys: [key], tab }) => ({ key, tab: tab! }))
  const needed = others.reduce((sum, { key, tab }) => sum + widthOf(`${key} ${tab}`) + GAP, 0)
  // Where one is goes before where one could be.
  const isRoom = widthOf(path) + needed <= columns
  const left = bold(fit(path, columns - (isRoom ? needed : 0), glyphs.ellipsis))
  return <Text wrap="truncate">{left + (isRoom ? others.map(({ key, tab }) => `${' '.repeat(GAP)}${paint(key, 'key')} ${tab}`).join('') : '')}</Text>
}
