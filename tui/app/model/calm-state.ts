/**
 * PURE: the state as it is read aloud. Whatever is on the screen is said again when a word of it changes, so what goes on
 * changing by itself stays as it was when the user last went somewhere: ages, and what VMs use. Of progress each quarter
 * is said.
 */
import type { State } from './state.ts'
import type { Operation } from './world.ts'

/** @param before what was read aloud last */
export function calmState(state: State, before: State | undefined): State {
  const { world } = state
  const isElsewhere = before?.stack !== state.stack || before.world.link.state !== world.link.state
  const { now, world: { usage } } = isElsewhere ? state : before
  return { ...state, now, world: { ...world, usage, operations: world.operations.map(calmOperation) } }
}

function calmOperation({ message, fraction, ...operation }: Operation): Operation {
  if (fraction === undefined) return { ...operation, ...(message !== undefined && { message }) }
  return { ...operation, fraction: Math.floor(fraction * 4) / 4 }
}
