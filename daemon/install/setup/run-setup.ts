/** `aetherscale setup`: plan, question, steps, and at last the bridge. */
import { UserError } from '../../../policy/errors.ts'
import { awaitVerdict, confirmMove, CONFIRM_SECONDS } from './bridge/perform.ts'
import type { Move } from './bridge/move.ts'
import { renderSnippets } from './bridge/snippets.ts'
import { findCaller } from './caller.ts'
import { doSteps, StepFailed } from './execute.ts'
import { ownersPlaces, type Facts } from './facts.ts'
import type { Wanted } from './options.ts'
import { planSetup } from './plan.ts'
import { readFacts } from './read-facts.ts'
import { renderActions, renderPlan } from './render.ts'
import { isOwners, type Step } from './step.ts'
import { ask, isTerminal, tellLines } from './terminal.ts'

export async function runSetup(wanted: Wanted): Promise<void> {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && !wanted.dryRun && !wanted.isForUser) {
    throw new UserError('SETUP_NEEDS_ROOT', 'setup needs root: it makes users and starts services', {
      hint: 'Run it with sudo: sudo aetherscale setup. --dry-run shows what it would do',
    })
  }
  const facts = await readFacts(wanted, wanted.isForUser ? findCaller() : undefined)
  const plan = planSetup(wanted, facts)
  tellLines(renderPlan(plan))
  const todo = plan.steps.filter(({ isDone }) => !isDone)
  if (wanted.dryRun) return tellLines(todo.flatMap((step) => ['', `# ${step.says}`, ...renderActions(step)]))
  if (todo.length === 0) return tellLines(['', 'There is nothing to do'])
  const move = facts.move === 'done' ? undefined : facts.move
  if (move) demandAnotherWay(move, wanted.yes)
  if (!isRoot) return await setUpWithoutRoot(todo, wanted, facts)
  await agree(wanted.yes)
  await perform(plan.steps, facts.owner.name)
  tellLines(['', ...howToGoOn(wanted, facts)])
  if (move) await settleMove(move)
}

/** Throws SETUP_UNCONFIRMED unless somebody has said yes. */
export async function agree(yes: boolean): Promise<void> {
  if (yes) return
  const refuse = (why: string): UserError => new UserError('SETUP_UNCONFIRMED', why, { hint: 'Nothing is done. --yes agrees beforehand' })
  if (!isTerminal()) throw refuse('There is no terminal to ask on')
  if (!['y', 'yes'].includes(await ask('\nGo on? [y/N] '))) throw refuse('Not agreed to')
}

async function perform(steps: readonly Step[], owner: string): Promise<void> {
  const done: string[] = []
  const tell = ({ says }: Step): void => {
    done.push(says)
    tellLines([`done     ${says}`])
  }
  try {
    await doSteps(steps, { owner, notes: process.getuid?.() === 0, tell })
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    throw new UserError('SETUP_STEP_FAILED', `Could not ${error.step.says}: ${error.message}`, {
      hint: `Done before: ${done.length === 0 ? 'nothing' : `${done.length} steps, as listed above`}. Run setup again to go on, or take it back with \`sudo aetherscale setup --remove\``,
      cause: error,
    })
  }
}

/** A user does what is theirs, and is told what is an admin's. */
async function setUpWithoutRoot(todo: readonly Step[], { yes }: Wanted, { owner }: Facts): Promise<void> {
  const own = todo.filter(isOwners)
  const admins = todo.filter((step) => !isOwners(step))
  if (own.length > 0 && admins.every(({ made }) => !made.some(({ kind }) => kind === 'linger'))) {
    await agree(yes)
    await perform(own, owner.name)
  }
  if (admins.length === 0) return
  tellLines(['', 'An admin has to do the rest, by `sudo aetherscale setup --user` of this user, or by hand:', ''])
  tellLines(admins.flatMap((step) => [`# ${step.says}`, ...renderActions(step)]))
  throw new UserError('SETUP_NEEDS_ROOT', `${admins.length} steps need root`, { hint: 'sudo aetherscale setup --user' })
}

function demandAnotherWay({ isOnlyWay, uplink }: Move, yes: boolean): void {
  if (!isOnlyWay || yes) return
  throw new UserError('SETUP_ONLY_ROUTE', `${uplink} carries the only default route of this host: if the bridge does not work, nobody reaches it`, {
    field: 'uplink',
    hint: `--yes does it all the same; unless you then confirm within ${CONFIRM_SECONDS} s, it is put back by itself. --dry-run shows each line`,
  })
}

/** The bridge stays if somebody says so while the way back is armed. */
async function settleMove(move: Move): Promise<void> {
  tellLines([`${move.bridge} has what ${move.uplink} had. It goes back by itself in ${CONFIRM_SECONDS} s, unless confirmed:`])
  const over = new AbortController()
  const verdict = awaitVerdict(over.signal)
  if (isTerminal()) {
    void ask('  type yes, or run `sudo aetherscale setup --confirm` elsewhere: ', over.signal).then((answer) => {
      if (answer === 'yes' || answer === 'y') confirmMove()
    })
  } else tellLines(['  sudo aetherscale setup --confirm'])
  const outcome = await verdict
  over.abort()
  if (outcome !== 'confirmed') {
    throw new UserError('SETUP_UNCONFIRMED', `Nobody confirmed within ${CONFIRM_SECONDS} s: addresses and routes are back on ${move.uplink}`, {
      hint: 'The rest of setup is done. Run it once more for the bridge',
    })
  }
  tellLines(['', 'Confirmed: the bridge stays until the next boot', '', ...renderSnippets(move)])
}

function howToGoOn({ isForUser, members }: Wanted, { owner }: Facts): string[] {
  if (isForUser) return [`Done. ${owner.name} can begin: aetherscale doctor`]
  const who = members.length === 0 ? 'Who is to use it has to be a member: sudo aetherscale setup --member USER' : `${members.join(', ')} can begin, after a new login: aetherscale doctor`
  return [`Done. The daemon listens at ${ownersPlaces(owner.home, '', false).socket}.`, who]
}
