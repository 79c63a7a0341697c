/** Carries out plans step by step. What is made is noted before it is made, and what is taken back is forgotten after. */
import { UserError } from '../../../policy/errors.ts'
import { readManifest, recordMade, writeManifest } from './manifest.ts'
import { OWNER } from './places.ts'
import type { Removal } from './plan-removal.ts'
import { performAction } from './perform.ts'
import { readAccounts } from './read-facts.ts'
import { fillUid, keyOf, UID, type Step } from './step.ts'

type Tell = (line: string) => void

/** Throws SETUP_STEP_FAILED; what was done before stays done. */
export async function carryOutSetup(steps: readonly Step[], tell: Tell): Promise<void> {
  for (const planned of steps.filter(({ isDone }) => !isDone)) {
    const step = settleUid(planned)
    tell(step.says)
    await attempt(step, 'Run setup again and it goes on from there, or take back what it has made: aetherscale setup --remove', async () => {
      writeManifest(recordMade(readManifest(), step.made))
      for (const action of step.actions) await performAction(action)
    })
  }
}

export async function carryOutRemoval({ steps }: Removal, tell: Tell): Promise<void> {
  for (const step of steps) {
    tell(step.says)
    await attempt(step, 'Mend that and run `aetherscale setup --remove` again: it goes on from there', async () => {
      const taken = new Set(step.made.map(keyOf))
      const left = readManifest().filter((made) => !taken.has(keyOf(made)))
      // The last thing is the folder in which this is noted.
      if (left.length === 0) writeManifest(left)
      for (const action of step.actions) await performAction(action)
      if (left.length > 0) writeManifest(left)
    })
  }
}

/** A user that a step before has made has a number now. */
function settleUid(step: Step): Step {
  if (!JSON.stringify(step).includes(UID)) return step
  const uid = readAccounts([OWNER]).get(OWNER)?.uid
  if (uid === undefined) throw new Error(`there is no user ${OWNER}`)
  return fillUid(step, uid)
}

async function attempt({ says }: Step, hint: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('SETUP_STEP_FAILED', `Could not ${says}: ${(cause as Error).message}`, { hint, cause })
  }
}
