/** `aetherscale setup --remove`: takes back what the manifest says that setup has made. */
import { readFileSync } from 'node:fs'
import { UserError } from '../../../policy/errors.ts'
import { ALLOWLIST_FILE } from '../../../policy/privileged/allowlist.ts'
import { findCaller } from './caller.ts'
import { StepFailed, undoSteps } from './execute.ts'
import { readManifest } from './manifest.ts'
import type { Wanted } from './options.ts'
import { planRemoval } from './plan-removal.ts'
import { readText } from './read-facts.ts'
import { renderActions, renderRemoval } from './render.ts'
import { agree } from './run-setup.ts'
import { tellLines } from './terminal.ts'

export async function runRemoval({ purge, isForUser, dryRun, yes }: Wanted): Promise<void> {
  const removal = planRemoval(
    { purge, forUser: isForUser ? findCaller().name : undefined },
    { made: readManifest(), allowlist: readText(ALLOWLIST_FILE), boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() },
  )
  tellLines(renderRemoval(removal))
  const { steps } = removal
  if (steps.length === 0) return tellLines(['There is nothing to take back'])
  if (dryRun) return tellLines(steps.flatMap((step) => ['', `# ${step.says}`, ...renderActions(step)]))
  await agree(yes)
  try {
    await undoSteps(steps, ({ says }) => tellLines([`done     ${says}`]))
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    throw new UserError('SETUP_STEP_FAILED', `Could not ${error.step.says}: ${error.message}`, {
      hint: 'What is said to be done above is taken back. Mend the reason, and run `sudo aetherscale setup --remove` again for the rest',
      cause: error,
    })
  }
}
