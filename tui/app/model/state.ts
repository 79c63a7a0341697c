/** All that the terminal shows is a function of this. */
import { basename } from 'node:path'
import { wrap } from '../text/wrap.ts'
import type { Dialog } from './dialog.ts'
import { linesAbove, type Prompt } from './prompt.ts'
import type { FormView, ScreenName, View } from './views.ts'
import type { World } from './world.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The line below the screen: what came of something, until the next key. */
export interface Notice {
  readonly kind: 'done' | 'error'
  readonly text: string
  readonly hint?: string
  /** How many more have failed since the last key. */
  readonly others?: number
}

export interface State {
  readonly size: Size
  /** In ms since 1970, as of the last change of the world: what ages and times are counted from. */
  readonly now: number
  readonly world: World
  /** The last one is shown, esc goes back to the one before; never empty. */
  readonly stack: readonly View[]
  readonly prompt?: Prompt
  /** Lines that were typed as commands since the program began, oldest first. */
  readonly history?: readonly string[]
  readonly dialog?: Dialog
  /** First line of the help that is shown over the screen. */
  readonly help?: number
  readonly notice?: Notice
  /** Forms of what could not be done, while something else was shown: they come back when they are opened again. */
  readonly drafts?: { readonly [S in FormView['screen']]?: Extract<FormView, { screen: S }> }
}

/** Lines that are no part of a screen: header, title, footer; and the last line, which a long notice makes several. */
const FRAME_LINES = 3
const NOTICE_LINES = 4

export function bodySize(state: State): Size {
  const { size, prompt } = state
  const lastLine = prompt ? 1 + linesAbove(prompt, size) : Math.max(1, noticeRows(state).length)
  return { columns: size.columns, rows: Math.max(1, size.rows - FRAME_LINES - lastLine) }
}

/** The notice in rows of the terminal, the hint in rows of its own; cut where it would leave no room for anything else. */
export function noticeRows({ notice, size: { columns } }: State): string[] {
  if (!notice) return []
  const said = notice.others === undefined ? notice.text : `(and ${notice.others} more failed) ${notice.text}`
  const texts = notice.hint === undefined ? [said] : [said, notice.hint]
  return texts.flatMap((text) => wrap(text, columns)).slice(0, NOTICE_LINES)
}

/** What came of one of several things that are under way: a failure that nobody can have read stays, whatever else has worked. */
export function withOutcome(state: State, outcome: Notice): State {
  const { notice } = state
  if (notice?.kind !== 'error') return { ...state, notice: outcome }
  return outcome.kind === 'error' ? { ...state, notice: { ...notice, others: (notice.others ?? 0) + 1 } } : state
}

export function currentView({ stack }: State): View {
  return stack.at(-1)!
}

/** Goes from the current view to another; esc comes back. */
export function pushView(state: State, view: View): State {
  return { ...state, stack: [...state.stack, view] }
}

/** The view below; the first one stays. */
export function popView(state: State): State {
  return state.stack.length > 1 ? { ...state, stack: state.stack.slice(0, -1) } : state
}

/** The current view becomes another one of its screen. */
export function replaceView(state: State, view: View): State {
  return { ...state, stack: [...state.stack.slice(0, -1), view] }
}

/** Straight to a screen, from wherever one is: esc leads back to the first one, which stays as it is. */
export function goTo(state: State, view: View): State {
  const first = state.stack[0]!
  return { ...state, stack: first.screen === view.screen ? [first] : [first, view] }
}

/** Changes the current view where it is one of this screen: what was asked for a view that was left is nobody's. */
export function changeView<S extends ScreenName>(state: State, screen: S, change: (view: Extract<View, { screen: S }>) => View): State {
  const view = currentView(state)
  if (view.screen !== screen) return state
  return replaceView(state, change(view as Extract<View, { screen: S }>))
}

/** Why the daemon may not be asked to change anything now; `undefined` where it may. */
export function whyReadOnly({ world: { link } }: State): string | undefined {
  if (link.state !== 'up' || link.silent) return 'the daemon does not answer'
  if (link.info.access === 'control') return undefined
  return `read-only by ${basename(link.socket)}; "aetherscale doctor" says what lets you do more`
}
