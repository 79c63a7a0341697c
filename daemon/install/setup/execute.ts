/** Does the steps of a plan, and notes before each what it is about to make. */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { awaitDaemon } from './ask-daemon.ts'
import { moveUplink, restoreUplink } from './bridge/perform.ts'
import { deleteLinksOf } from './links.ts'
import { readManifest, recordMade, writeManifest, writeRootFile } from './manifest.ts'
import { ETC } from './places.ts'
import { runProgram } from './programs.ts'
import { readAccounts } from './read-facts.ts'
import { fillUid, keyOf, UID, type Action, type Step } from './step.ts'

/** Seconds for a daemon to answer after it was started, on a slow machine that has just been booted. */
const ANSWER_SECONDS = 60

interface Execution {
  /** The user that daemon and VMs are of; it need not be there yet. */
  readonly owner: string
  /** What has been made is noted for `--remove`. Without root there is nowhere to note it. */
  readonly notes: boolean
  readonly tell: (step: Step) => void
}

/** Throws what the first step that fails throws; the steps before it are done. */
export async function doSteps(steps: readonly Step[], { owner, notes, tell }: Execution): Promise<void> {
  for (const planned of steps) {
    if (planned.isDone) continue
    const step = settleUid(planned, owner)
    if (notes) writeManifest(recordMade(readManifest(), step.made))
    try {
      for (const action of step.actions) await act(action)
    } catch (cause) {
      throw new StepFailed(step, cause)
    }
    tell(step)
  }
}

/** Takes back; what is taken back is forgotten at once. */
export async function undoSteps(steps: readonly Step[], tell: (step: Step) => void): Promise<void> {
  for (const step of steps) {
    const gone = new Set(step.made.map(keyOf))
    const forget = (): void => writeManifest(readManifest().filter((made) => !gone.has(keyOf(made))))
    // the note lies in a folder that may be what is removed
    const holdsNote = step.actions.some((action) => 'removeFolder' in action && action.removeFolder === ETC)
    if (holdsNote) forget()
    try {
      for (const action of step.actions) await act(action)
    } catch (cause) {
      throw new StepFailed(step, cause)
    }
    if (!holdsNote) forget()
    tell(step)
  }
}

export class StepFailed extends Error {
  override readonly name = 'StepFailed'
  readonly step: Step

  constructor(step: Step, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.step = step
  }
}

async function act(action: Action): Promise<void> {
  if ('run' in action) return runStep(action)
  if ('write' in action) return writeRootFile(action.write, action.text)
  if ('remove' in action) return rmSync(action.remove, { force: true })
  if ('removeFolder' in action) return removeIfEmpty(action.removeFolder)
  if ('makeFolder' in action) return void mkdirSync(action.makeFolder, { recursive: true, mode: 0o755 })
  if ('moveUplink' in action) return moveUplink(action.moveUplink)
  if ('restoreUplink' in action) return restoreUplink(action.bridge, action.restoreUplink)
  if ('deleteLinksOf' in action) return deleteLinksOf(action.deleteLinksOf)
  if (await awaitDaemon(action.awaitAnswer, ANSWER_SECONDS)) return
  throw new Error(`the daemon does not answer at ${action.awaitAnswer}; its log: journalctl _SYSTEMD_USER_UNIT=aetherscaled.service`)
}

function runStep({ run, as, input, mayFail }: Extract<Action, { run: readonly string[] }>): void {
  const account = as === undefined ? undefined : readAccounts([as]).get(as)
  if (as !== undefined && !account) {
    // of a user that is gone already there is nothing left to stop
    if (mayFail) return
    throw new Error(`there is no user ${as}`)
  }
  const { status, words } = runProgram(run, { account, ...(input !== undefined && { input }) })
  if (status !== 0 && !mayFail) throw new Error(`${run[0]!} ended with ${status ?? 'a signal'}: ${words}`)
}

/** A user that an earlier step has made has a number now. */
function settleUid(planned: Step, owner: string): Step {
  if (!JSON.stringify(planned).includes(UID)) return planned
  const uid = readAccounts([owner]).get(owner)?.uid
  if (uid === undefined) throw new Error(`there is no user ${owner}`)
  return fillUid(planned, uid)
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
