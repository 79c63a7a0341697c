/** What a VM has printed, as long as it is on the screen: read as far as is shown, and on where it is followed. */
import type { Link } from '../context.ts'
import { PIECE_BYTES, startLog, withNewer, withOlder, type LogPiece, type LogText } from '../model/log-text.ts'
import { currentView, type State } from '../model/state.ts'
import type { Store } from '../model/store.ts'
import type { LogView } from '../model/views.ts'
import { lookNow, textOf } from '../screens/log/view.ts'
import { wantedPiece, type Want } from '../screens/log/want.ts'

/** Milliseconds between two questions: short while something comes, doubling up to the longest while nothing does. */
const SHORTEST_PAUSE = 200
const LONGEST_PAUSE = 2000

export interface LogFeed {
  /** A new connection: what was asked over the old one is not answered. */
  reset(): void
  close(): void
}

export function createLogFeed(link: Link, store: Store): LogFeed {
  /** What is under way; an answer to anything else is nobody's. */
  let asking: object | undefined
  let timer: NodeJS.Timeout | undefined
  let pause = SHORTEST_PAUSE

  const look = (): void => {
    const state = store.get()
    const view = shownLog(state)
    if (!view) {
      reset()
      if (state.world.log) store.change((now) => withLog(now, undefined))
      return
    }
    if (asking || state.world.link.state !== 'up') return
    const log = textOf(view, state)
    const want = wantedPiece(view, log, lookNow(view, state))
    if (want?.kind === 'newer' && want.soon) {
      timer ??= setTimeout(() => void ask(view, want), pause)
      return
    }
    stopWaiting()
    if (want) void ask(view, want)
  }

  const ask = async (view: LogView, want: Want): Promise<void> => {
    stopWaiting()
    const turn = (asking = {})
    const isStill = (): boolean => asking === turn
    try {
      const piece = await readPiece(link, view, want)
      if (!isStill()) return
      asking = undefined
      if (want.kind === 'newer') pause = piece.text === '' ? Math.min(pause * 2, LONGEST_PAUSE) : SHORTEST_PAUSE
      store.change((state) => (isShown(view, state) ? withLog(state, put(view, want, piece, state)) : state))
    } catch (error) {
      if (!isStill()) return
      const { message } = error as Error
      store.change((state) => (isShown(view, state) ? withLog(state, { ...(textOf(view, state) ?? startLog(view, NOTHING)), error: message }) : state))
      timer = setTimeout(() => {
        asking = undefined
        timer = undefined
        look()
      }, LONGEST_PAUSE)
    }
  }
  const stopWaiting = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  const reset = (): void => {
    stopWaiting()
    asking = undefined
    pause = SHORTEST_PAUSE
  }
  const unsubscribe = store.subscribe(look)
  return {
    reset() {
      reset()
      look()
    },
    close() {
      unsubscribe()
      reset()
    },
  }
}

const NOTHING: LogPiece = { text: '', offset: 0, nextOffset: 0 }

function shownLog(state: State): LogView | undefined {
  const view = currentView(state)
  return view.screen === 'log' ? view : undefined
}

function isShown({ vm, source }: LogView, state: State): boolean {
  const view = shownLog(state)
  return view?.vm === vm && view.source === source
}

function readPiece(link: Link, { vm, source }: LogView, want: Want): Promise<LogPiece> {
  const offset = want.kind === 'end' ? undefined : want.kind === 'start' ? 0 : want.offset
  const range = { limitBytes: want.kind === 'older' ? want.limitBytes : PIECE_BYTES, ...(offset !== undefined && { offset }) }
  return source === 'init' ? link.call('vm.init-log', { vm, ...range }) : link.call('vm.log', { vm, source, ...range })
}

function withLog({ world: { log: _before, ...world }, ...state }: State, log: LogText | undefined): State {
  return { ...state, world: log ? { ...world, log } : world }
}

/** What there is with the piece; nothing where it has to be read anew. */
function put(view: LogView, want: Want, piece: LogPiece, state: State): LogText | undefined {
  const log = textOf(view, state)
  if (!log || want.kind === 'end') return startLog(view, piece)
  if (want.kind === 'start') return startLog(view, piece, 0)
  // A file that has become shorter is another one.
  if (piece.offset < want.offset) return undefined
  return want.kind === 'older' ? withOlder(log, piece, want.offset) : withNewer(log, piece)
}
