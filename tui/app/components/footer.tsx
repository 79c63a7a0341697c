/** The last line: the keys of this screen, from the one table, as many as fit. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import { bindingsOf } from '../keys/keymap.ts'
import { currentView, whyReadOnly, type State } from '../model/state.ts'
import { widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

export function Footer({ state }: { readonly state: State }): ReactNode {
  const { paint, dim } = useTheme()
  const readOnly = whyReadOnly(state) !== undefined
  const hints = bindingsOf(currentView(state).screen).flatMap(({ bindings }) => bindings)
  const shown: string[] = []
  let room = state.size.columns
  for (const { keys: [key], hint, changes } of hints) {
    if (hint === undefined) continue
    room -= widthOf(`${key} ${hint}`) + 2
    if (room < -2) break
    shown.push(changes && readOnly ? dim(`${key} ${hint}`) : `${paint(key, 'key')} ${hint}`)
  }
  return <Text wrap="truncate">{shown.join('  ') || ' '}</Text>
}
