/** A screen that is a text, which is scrolled through. */
import type { ReactNode } from 'react'
import { ScrolledLines } from '../components/scrolled-lines.tsx'
import { scrollBy, shownLines } from '../model/scroll.ts'
import { bodySize, type Size, type State } from '../model/state.ts'
import type { View } from '../model/views.ts'
import type { Line } from '../text/line.ts'
import { useTheme } from '../theme/theme.ts'
import type { Screen, ScreenProps } from './screen.ts'

type TextView = Extract<View, { readonly top: number }>

export interface TextScreen<V extends TextView> extends Pick<Screen<V>, 'title' | 'shows'> {
  /** Pure: the whole text, for a room of this size. How many lines there are does not depend on the ellipsis. */
  readonly lines: (view: V, state: State, room: Size & { readonly ellipsis: string }) => Line[]
}

export function textScreen<V extends TextView>({ lines, ...more }: TextScreen<V>): Screen<V> {
  return {
    ...more,
    Body({ view, state, size }: ScreenProps<V>): ReactNode {
      const { ellipsis } = useTheme().glyphs
      return <ScrolledLines lines={lines(view, state, { ...size, ellipsis })} top={view.top} size={size} />
    },
    scroll(view, state, by) {
      const size = bodySize(state)
      const length = lines(view, state, { ...size, ellipsis: '' }).length
      return { ...view, ...scrollBy(view, by, length, shownLines(length, size.rows)) }
    },
  }
}
