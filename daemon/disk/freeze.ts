/**
 * Has a guest write out and freeze its file systems while something is done to its disk (QEMU Guest Agent Protocol Reference,
 * guest-fsfreeze-freeze). The guest is hostile: it may not answer, and it may lie, which is its own loss.
 */
import * as z from 'zod'
import { AgentAbsent } from '../qemu/agent.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Entry } from '../vm/table.ts'

/** A guest writes out all that it has in memory. */
const FREEZE_WITHIN_MS = 15_000
const THAW_WITHIN_MS = 5000
const THAW_ATTEMPTS = 3

type Needs = Pick<VmDependencies, 'agent' | 'log'>

export interface Frozen<T> {
  readonly result: T
  /** Whether the guest said that it had frozen at least one file system. */
  readonly wasFrozen: boolean
  /** Whether the guest, asked to freeze, did not answer when it was asked to thaw. */
  readonly mayStayFrozen: boolean
}

/** Runs `work` once, frozen or not: a guest without an agent, one that is held, and one that refuses are not waited for. */
export async function withFrozenGuest<T>(deps: Needs, entry: Entry, work: () => Promise<T>): Promise<Frozen<T>> {
  const { live } = entry
  if (live?.agent !== 'connected' || live.paused) return { result: await work(), wasFrozen: false, mayStayFrozen: false }
  const answer = await freeze(deps, entry)
  let isThawed = true
  try {
    const result = await work()
    if (answer !== 'absent') isThawed = await thawGuest(deps, entry)
    return { result, wasFrozen: answer === 'frozen', mayStayFrozen: !isThawed }
  } catch (error) {
    if (answer !== 'absent') await thawGuest(deps, entry)
    throw error
  }
}

/** Answers whether the guest has; asking one that is not frozen does nothing. */
export async function thawGuest({ agent, log }: Needs, entry: Entry): Promise<boolean> {
  for (let attempt = 1; entry.live && attempt <= THAW_ATTEMPTS; attempt++) {
    try {
      await agent(entry).execute('guest-fsfreeze-thaw', undefined, { timeoutMs: THAW_WITHIN_MS })
      return true
    } catch (error) {
      log.warn({ vm: entry.id, err: error, attempt }, 'the guest did not thaw its file systems')
    }
  }
  return !entry.live
}

/** unsure: it may have, although it did not say so. */
async function freeze({ agent, log }: Needs, entry: Entry): Promise<'frozen' | 'unsure' | 'absent'> {
  try {
    const count = await agent(entry).execute('guest-fsfreeze-freeze', undefined, { timeoutMs: FREEZE_WITHIN_MS })
    return z.int().positive().safeParse(count).success ? 'frozen' : 'unsure'
  } catch (error) {
    log.info({ vm: entry.id, err: error }, 'the guest does not freeze its file systems')
    return error instanceof AgentAbsent ? 'absent' : 'unsure'
  }
}
