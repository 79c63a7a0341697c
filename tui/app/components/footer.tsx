/** The last line: the keys of this screen, from the one table, as many as fit. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import { whyUnavailable } from '../actions/unavailable.ts'
import { bindingsOf, overlays, type KnownBinding } from '../keys/keymap.ts'
import { currentView, type State } from '../model/state.ts'
import { widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

const GAP = 2

export function Footer({ state }: { readonly state: State }): ReactNode {
  const { paint, dim } = useTheme()
  const over = overlayOf(state)
  if (over) return <Text wrap="truncate">{overlays[over].map(({ keys: [key], hint }) => `${paint(key, 'key')} ${hint}`).join(' '.repeat(GAP))}</Text>
  const shown = fittingHints(state).map((binding) => {
    const { keys: [key], hint } = binding
    return whyUnavailable(binding, state) === undefined ? `${paint(key, 'key')} ${hint}` : dim(`${key} ${hint}`)
  })
  return <Text wrap="truncate">{shown.join(' '.repeat(GAP)) || ' '}</Text>
}

function overlayOf({ help, dialog, prompt }: State): keyof typeof overlays | undefined {
  if (help !== undefined) return 'help'
  return dialog ? 'dialog' : prompt?.kind
}

/** In the table's order until the line is full; the key of the help is there however narrow it is. */
function fittingHints(state: State): KnownBinding[] {
  const hints = bindingsOf(currentView(state).screen).flatMap(({ bindings }) => bindings.filter(({ hint }) => hint !== undefined))
  const help = hints.filter(({ action }) => action === 'help.open')
  const others = hints.filter(({ action }) => action !== 'help.open')
  let room = state.size.columns + GAP
  for (const binding of help) room -= widthOfHint(binding)
  const fitting = others.findIndex((binding) => (room -= widthOfHint(binding)) < 0)
  const shown = new Set([...help, ...(fitting < 0 ? others : others.slice(0, fitting))])
  return hints.filter((binding) => shown.has(binding))
}

function widthOfHint({ keys: [key], hint }: KnownBinding): number {
  return widthOf(`${key} ${hint}`) + GAP
}
