/** One record that a screen cannot show, as of a daemon of another version, does not end the program: the other screens are there. */
import { Box, Text } from 'ink'
import { Component, type ReactNode } from 'react'
import { escapeControls } from '../../cli/render/escape.ts'
import { readVersion } from '../../version.ts'
import type { State } from '../model/state.ts'

interface GuardProps {
  readonly state: State
  readonly children: ReactNode
}

interface GuardState {
  /** Why it could not be drawn, and of which state: any other one is tried. */
  readonly failure?: { readonly error: unknown; readonly of?: State }
}

/** React has error boundaries as classes alone. */
export class ScreenGuard extends Component<GuardProps, GuardState> {
  override state: GuardState = {}

  static getDerivedStateFromError(error: unknown): GuardState {
    return { failure: { error } }
  }

  static getDerivedStateFromProps({ state }: GuardProps, { failure }: GuardState): { failure: GuardState['failure'] | undefined } | null {
    if (!failure || failure.of === state) return null
    return { failure: failure.of === undefined ? { ...failure, of: state } : undefined }
  }

  override render(): ReactNode {
    const { failure } = this.state
    return failure ? <Undrawn error={failure.error} state={this.props.state} /> : this.props.children
  }
}

function Undrawn({ error, state: { world } }: { readonly error: unknown; readonly state: State }): ReactNode {
  const daemon = world.link.state === 'up' ? `, the daemon is ${world.link.info.version}` : ''
  return (
    <Box flexDirection="column" padding={1} gap={1}>
      <Text>{escapeControls(`This screen cannot be drawn: ${String(error)}`)}</Text>
      <Text>{escapeControls(`What the daemon has told is not what this program expects: it is ${readVersion()}${daemon}. The other screens are there; where the versions are the same, please report it.`)}</Text>
    </Box>
  )
}
