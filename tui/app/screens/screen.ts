/** What a screen is, besides what it remembers (model/views.ts) and its keys (keys/keymap.ts). */
import type { ReactNode } from 'react'
import type { Resource } from '../context.ts'
import type { FormField } from '../form/field.ts'
import type { Size, State } from '../model/state.ts'
import type { View } from '../model/views.ts'

export interface ScreenProps<V extends View> {
  readonly view: V
  readonly state: State
  /** Room for it. */
  readonly size: Size
}

export interface Screen<V extends View> {
  /** Its part of the path above the screen; pure. */
  readonly title: (view: V, state: State) => string
  readonly Body: (props: ScreenProps<V>) => ReactNode
  /** Of a screen with a list: keys of its rows as they are shown. Asked for often, so remembered for what it depends on. */
  readonly keys?: (view: V, state: State) => readonly string[]
  /** Of a screen that is scrolled through: the view after so many rows down, or up where negative; infinite to the end. */
  readonly scroll?: (view: V, state: State, rows: number) => V
  /** Of a screen that is searched in: the view where this text is, and is marked. Others have a list that is filtered. */
  readonly find?: (view: V, state: State, text: string) => V
  /** Why it cannot be shown any more, where it was shown `before`: it is left then. */
  readonly gone?: (view: V, before: State, now: State) => string | undefined
  /** Lines of it below its list. */
  readonly foot?: number
  /** Of a screen that is a form. */
  readonly form?: ScreenForm<V>
  /** Parts of the world that it shows, asked for when it is looked at. */
  readonly shows?: readonly Resource[]
  /** VMs whose CPU and memory it shows now. */
  readonly measures?: (view: V, state: State, size: Size) => readonly string[]
}

export interface ScreenForm<V extends View> {
  /** What it asks for now; pure. */
  readonly fields: (view: V, state: State) => readonly FormField[]
}
