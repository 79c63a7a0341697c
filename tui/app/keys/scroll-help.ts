import type { Context } from '../context.ts'
import { scrollBy } from '../model/scroll.ts'
import { bodySize, currentView } from '../model/state.ts'
import { helpLines } from './help-lines.ts'
import type { KeyPress } from './key.ts'

const steps: Readonly<Record<string, number>> = { j: 1, down: 1, k: -1, up: -1, pagedown: 10, 'ctrl-d': 10, pageup: -10, 'ctrl-u': -10, g: -1e6, G: 1e6 }

/** Any other key closes it. */
export function scrollHelp(key: KeyPress, context: Context): void {
  context.change(({ help = 0, ...state }) => {
    const step = steps[key.name]
    if (step === undefined) return state
    const { rows } = bodySize(state)
    const lines = helpLines(currentView(state).screen).length
    return { ...state, help: scrollBy({ top: help }, step, lines, rows).top }
  })
}
