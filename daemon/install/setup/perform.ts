/** Does what the steps say. */
import { lstatSync, mkdirSync, rmSync, rmdirSync } from 'node:fs'
import { awaitDaemon } from './ask-daemon.ts'
import { moveUplink, restoreUplink } from './bridge/perform.ts'
import { writeRootFile } from './manifest.ts'
import { programs } from './places.ts'
import { runProgram } from './programs.ts'
import { readAccounts } from './read-facts.ts'
import type { Action } from './step.ts'

/** A daemon under a heavily loaded host has been seen to take ten seconds. */
const ANSWER_SECONDS = 60
/** The group of the helper's links (helper/names.ts). */
const LINK_GROUP = '1634038888'

/** Throws an Error that says in one clause what went wrong. */
export async function performAction(action: Action): Promise<void> {
  if ('run' in action) run(action)
  else if ('write' in action) writeRootFile(action.write, action.text)
  else if ('remove' in action) rmSync(action.remove, { force: true })
  else if ('removeFolder' in action) removeIfEmpty(action.removeFolder)
  else if ('makeFolder' in action) mkdirSync(action.makeFolder, { recursive: true, mode: 0o755 })
  else if ('moveUplink' in action) moveUplink(action.moveUplink)
  else if ('restoreUplink' in action) restoreUplink(action.bridge, action.restoreUplink)
  else if ('deleteLinksOf' in action) deleteLinks(action.deleteLinksOf)
  else if (!(await awaitDaemon(action.awaitAnswer, ANSWER_SECONDS))) {
    throw new Error(`the daemon does not answer at ${action.awaitAnswer} within ${ANSWER_SECONDS} s; its log: journalctl -t aetherscaled`)
  }
}

function run({ run: argv, as, input, mayFail }: Extract<Action, { run: unknown }>): void {
  const account = as === undefined ? undefined : readAccounts([as]).get(as)
  if (as !== undefined && !account) {
    if (mayFail) return
    throw new Error(`there is no user ${as}`)
  }
  const { status, words } = runProgram(argv, { account, ...(input !== undefined && { input }) })
  if (status !== 0 && !mayFail) throw new Error(`${argv.join(' ')}: ${words}`)
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error
  }
}

/** Those that the helper has made for this user; the alias says so. */
function deleteLinks(uid: string): void {
  const { stdout } = runProgram([programs.ip, '-json', 'link', 'show', 'group', LINK_GROUP])
  const links = JSON.parse(stdout || '[]') as { readonly ifname?: string; readonly ifalias?: string }[]
  for (const { ifname, ifalias } of links) {
    if (ifname !== undefined && ifalias?.startsWith(`aetherscale:${uid}:`)) runProgram([programs.ip, 'link', 'delete', 'dev', ifname])
  }
}

/**
 * Whether root alone can have written a file: it, and each folder above it. A root that runs what others can write hands them
 * the machine.
 */
export function isRootsAlone(path: string): boolean {
  const parts = path.split('/').slice(1)
  return ['/', ...parts.map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`)].every((each) => {
    const { uid, mode } = lstatSync(each)
    return uid === 0 && (mode & 0o022) === 0
  })
}
