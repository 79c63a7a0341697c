/** PURE: what is shown of something that is not there any more is left, and said. */
import type { State } from '../model/state.ts'
import { screenOf } from './all.ts'

/** The first view stays: it is of no single thing. */
export function leaveGone(before: State, now: State): State {
  const at = now.stack.findIndex((view, index) => index > 0 && screenOf(view).gone?.(view, before, now) !== undefined)
  const view = now.stack[at]
  if (!view) return now
  return { ...now, stack: now.stack.slice(0, at), notice: { kind: 'error', text: screenOf(view).gone?.(view, before, now) ?? '' } }
}
