/** The whole screen for a screen reader: where one is, what is there, what came of something. Said again when a word changes, so it is short. */
import { Box, Text } from 'ink'
import { useRef, type ReactNode } from 'react'
import { escapeControls } from '../../cli/render/escape.ts'
import { calmState } from '../model/calm-state.ts'
import type { State } from '../model/state.ts'
import { titleOf } from '../screens/draw.tsx'
import { Body } from './body.tsx'
import { LastLine } from './last-line.tsx'

export function SpokenFrame({ state }: { readonly state: State }): ReactNode {
  const before = useRef<State>(undefined)
  const calm = calmState(state, before.current)
  before.current = calm
  const { link } = calm.world
  const place = link.state === 'up' ? `${link.info.hostname}${link.info.access === 'observe' ? ', read-only' : ''}` : 'aetherscale'
  const path = calm.help === undefined ? calm.stack.map((view) => titleOf(view, calm)) : ['keys']
  return (
    <Box flexDirection="column">
      <Text>{escapeControls([place, ...path].join(', '))}</Text>
      <Body state={calm} />
      <LastLine state={calm} />
      <Text>? lists the keys</Text>
    </Box>
  )
}
