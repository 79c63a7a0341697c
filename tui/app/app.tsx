/** The whole screen: header, where one is, the screen itself, last line, keys. */
import { Box, useApp, useInput, useIsScreenReaderEnabled, usePaste, type SuspendTerminal } from 'ink'
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react'
import { Body } from './components/body.tsx'
import { Footer } from './components/footer.tsx'
import { Header } from './components/header.tsx'
import { LastLine } from './components/last-line.tsx'
import { SpokenFrame } from './components/spoken-frame.tsx'
import { TitleLine } from './components/title-line.tsx'
import { createInputReader } from './keys/read-input.ts'
import type { KeyPress } from './keys/key.ts'
import type { State } from './model/state.ts'
import type { Store } from './model/store.ts'
import { ThemeContext, type Theme } from './theme/theme.ts'

export interface AppProps {
  readonly store: Pick<Store, 'get' | 'subscribe'>
  readonly theme: Theme
  readonly onKey: (key: KeyPress) => void
  readonly onPaste: (text: string) => void
  /** Given what hands the terminal to another program for a while. */
  readonly onReady?: (suspend: SuspendTerminal) => void
}

export function App({ store, theme, onKey, onPaste, onReady }: AppProps): ReactNode {
  const { suspendTerminal } = useApp()
  useEffect(() => onReady?.(suspendTerminal), [onReady, suspendTerminal])
  const state = useSyncExternalStore(store.subscribe, store.get)
  const [read] = useState(createInputReader)
  useInput((input, key) => {
    for (const each of read(input, key)) onKey(each)
  })
  usePaste(onPaste)
  const isSpoken = useIsScreenReaderEnabled()
  return (
    <ThemeContext value={theme}>
      {isSpoken ? <SpokenFrame state={state} /> : <Frame state={state} />}
    </ThemeContext>
  )
}

function Frame({ state }: { readonly state: State }): ReactNode {
  const { columns, rows } = state.size
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Header state={state} />
      <TitleLine state={state} />
      <Box flexDirection="column" flexGrow={1} flexShrink={0}>
        <Body state={state} />
      </Box>
      <LastLine state={state} />
      <Footer state={state} />
    </Box>
  )
}
