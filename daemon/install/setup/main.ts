/** `aetherscale setup`: makes a machine a host of VMs, or takes that back. */
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { errorTable, exitStatus, UserError } from '../../../policy/errors.ts'
import { awaitVerdict, confirmMove, CONFIRM_SECONDS } from './bridge/perform.ts'
import { renderSnippets } from './bridge/snippets.ts'
import { carryOutRemoval, carryOutSetup } from './carry-out.ts'
import type { Account, Facts } from './facts.ts'
import { readOptions, type Wanted } from './options.ts'
import { isRootsAlone } from './perform.ts'
import { planRemoval } from './plan-removal.ts'
import { planSetup } from './plan.ts'
import { readAccounts, readFacts } from './read-facts.ts'
import { renderActions, renderPlan, renderRemoval } from './render.ts'
import type { Step } from './step.ts'

const print = (...lines: readonly string[]): void => {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
const isRoot = process.getuid?.() === 0

async function main(): Promise<void> {
  const wanted = readOptions(process.argv.slice(2))
  if (wanted.task === 'help') return print('See: aetherscale help setup')
  requirePrivilege(wanted)
  if (wanted.task === 'confirm') {
    confirmMove()
    return print('The bridge stays.')
  }
  const caller = wanted.isForUser ? findCaller() : undefined
  const facts = await readFacts(wanted, caller)
  await (wanted.task === 'remove' ? remove(wanted, facts, caller) : setUp(wanted, facts))
}

async function setUp(wanted: Wanted, facts: Facts): Promise<void> {
  const plan = planSetup(wanted, facts)
  print(...renderPlan(plan))
  const open = plan.steps.filter(({ isDone }) => !isDone)
  const [mine, others] = isRoot ? [open, []] : [open.filter(needsNoRoot), open.filter((step) => !needsNoRoot(step))]
  if (wanted.dryRun) return print('', ...open.flatMap((step) => [`# ${step.says}`, ...renderActions(step)]))
  const { move } = facts
  if (move !== undefined && move !== 'done') {
    print(...move.notes.map((note) => `advice   ${note}`))
    if (move.isOnlyWay && !wanted.yes) {
      throw new UserError('SETUP_ONLY_ROUTE', `${move.uplink} has the only default route of this host, and the way to it may be lost`, {
        field: 'uplink',
        hint: `With --yes it is done; unless it is confirmed within ${CONFIRM_SECONDS} s, everything is put back`,
      })
    }
  }
  if (mine.length === 0 && others.length === 0) return print('There is nothing to do.')
  if (mine.length > 0) {
    await demandConsent(wanted)
    await carryOutSetup(mine, (line) => print(`… ${line}`))
  }
  if (others.length > 0) print('', 'What an admin has to do:', ...others.flatMap((step) => [`# ${step.says}`, ...renderActions(step)]))
  if (move !== undefined && move !== 'done') await settleMove(facts)
  print('', 'Done. `aetherscale doctor` tells what else would be good.')
}

/** The bridge is there; whoever asked for it says whether they still reach the host. */
async function settleMove({ move }: Facts): Promise<void> {
  if (move === undefined || move === 'done') return
  print('', `${move.uplink} is on ${move.bridge} now. Unless this is confirmed within ${CONFIRM_SECONDS} s, all is put back as it was.`)
  const over = new AbortController()
  if (process.stdin.isTTY) void askToKeep(over.signal)
  else print('From another session: sudo aetherscale setup --confirm')
  const verdict = await awaitVerdict(over.signal)
  over.abort()
  if (verdict !== 'confirmed') {
    throw new UserError('SETUP_UNCONFIRMED', `Nobody has confirmed ${move.bridge}; addresses and routes are back on ${move.uplink}`, {
      hint: 'All else that was set up stays: aetherscale setup --remove takes it back',
    })
  }
  print('', ...renderSnippets(move))
}

async function askToKeep(signal: AbortSignal): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    if ((await terminal.question('Keep it? Type yes: ', { signal })).trim() === 'yes') confirmMove()
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  } finally {
    terminal.close()
  }
}

async function remove(wanted: Wanted, facts: Facts, caller: Account | undefined): Promise<void> {
  const removal = planRemoval({ purge: wanted.purge, forUser: caller?.name }, facts)
  if (removal.steps.length === 0) return print('There is nothing that setup has made and could take back.')
  print(...renderRemoval(removal))
  if (wanted.dryRun) return
  await demandConsent(wanted)
  await carryOutRemoval(removal, (line) => print(`… ${line}`))
  print('Done.')
}

async function demandConsent({ yes }: Wanted): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new UserError('SETUP_UNCONFIRMED', 'There is nobody to ask: stdin is no terminal', { hint: 'With --yes it does not ask' })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Go on? [y/N] ')
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('SETUP_UNCONFIRMED', 'Nothing was done')
}

function requirePrivilege({ task, isForUser, dryRun }: Wanted): void {
  if (!isRoot) {
    if (isForUser && task === 'setup') return
    throw new UserError('SETUP_NEEDS_ROOT', `Only root may ${task === 'setup' ? 'set up this host' : `do ${task}`}`, {
      hint: task === 'setup' ? 'Run it with sudo; with --user it sets up what needs no root, for your own user alone' : 'Run it with sudo',
    })
  }
  const programs = [fileURLToPath(import.meta.url), process.execPath]
  const open = programs.find((path) => !isRootsAlone(path))
  if (open === undefined || dryRun) return
  throw new UserError('SETUP_NOT_INSTALLED', `${open}, or a folder above it, can be changed by others than root, who would be root by that`, {
    hint: 'Install the package (npm run package makes it) and run its `aetherscale setup`',
  })
}

/** Whom --user is for: who called sudo(8), or who runs this. */
function findCaller(): Account {
  const uid = isRoot ? process.env['SUDO_UID'] : String(process.getuid?.())
  const account = uid === undefined ? undefined : [...readAccounts([uid]).values()][0]
  if (account && account.uid !== '0') return account
  throw new UserError('SETUP_USER_NOT_FOUND', 'With --user it is not known for whom: root is nobody to run VMs as', {
    field: 'user',
    hint: 'Run it by sudo as that user: sudo aetherscale setup --user',
  })
}

/** The files are the user's own, and so is their manager. */
function needsNoRoot({ actions }: Step): boolean {
  return actions.every((action) => ('run' in action && action.as !== undefined) || 'awaitAnswer' in action)
}

main().catch((error: unknown) => {
  if (error instanceof UserError) {
    process.stderr.write(`aetherscale: ${error.message}\n${error.data.hint ? `  ${error.data.hint}\n` : ''}`)
    process.exitCode = exitStatus[errorTable[error.data.name].exit]
  } else if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`aetherscale: ${error.message}\n`)
    process.exitCode = exitStatus.usage
  } else {
    process.stderr.write(`aetherscale: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = exitStatus.failed
  }
})
