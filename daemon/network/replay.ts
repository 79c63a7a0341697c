/**
 * What a daemon does with the host's network when it starts: has made what should be there, for the host may have booted
 * meanwhile, and has removed what should not. All of it in the background, and again with longer and longer pauses until
 * all of it was done once: the helper may come up after the daemon, and its allowlist be mended hours later. A VM that
 * starts has its own needs made in any case.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { OwnLink } from '../../policy/privileged/results.ts'
import type { Entry } from '../vm/table.ts'
import { attachTask, bridgeTask, sweepTask, vpnTask, type ReplayDependencies, type Task } from './replay-tasks.ts'
import { tapsOf } from './requests.ts'

export interface NetworkReplay {
  /** Resolves when all was done once, or after {@link close}. */
  readonly ended: Promise<void>
  /**
   * Resolves when the taps of a VM have been made, however long that takes: with `false` if they will not be any more,
   * because the VM is gone or the replay is closed, and for a VM that was not there when the replay began.
   */
  attached(entry: Entry): Promise<boolean>
  /** No other round is begun; one that is under way comes to its end. */
  close(): void
}

/** Milliseconds between one round and the next: the first pause, doubled each time up to the longest. */
export interface Pauses {
  readonly firstMs: number
  readonly longestMs: number
}

const usual: Pauses = { firstMs: 1000, longestMs: 60_000 }

/** Begins at once. */
export function replayNetworks(deps: ReplayDependencies, pauses = usual): NetworkReplay {
  const { helper, networks, vms, log } = deps
  const closing = new AbortController()
  const { signal } = closing
  const bridges = [...networks.records().map((record) => bridgeTask(deps, record)), ...deps.vpns.records().map((record) => vpnTask(deps, record))]
  const withTaps = Array.from(vms.entries()).filter(({ record }) => tapsOf(record).length > 0)
  const taps = new Map(withTaps.map((entry) => [entry, attachTask(deps, entry)]))
  const isNeeded = bridges.length + taps.size > 0
  const left = new Set<Task>([...bridges, ...taps.values(), sweepTask(deps)])
  const told = new Map<Task, string>()
  const waiting = new Set<() => void>()

  const attempt = async (task: Task, links: readonly OwnLink[]): Promise<void> => {
    try {
      await task.run(links)
      left.delete(task)
    } catch (error) {
      const reason = String(error)
      log[told.get(task) === reason ? 'debug' : 'warn']({ ...task.about, err: error }, task.failure)
      told.set(task, reason)
    }
  }

  /** Why the round was in vain as a whole, if it was. */
  const tryAll = async (): Promise<unknown> => {
    try {
      const { links } = await helper.call('link.list', {})
      if (!signal.aborted) await Promise.all(Array.from(left, (task) => attempt(task, links)))
      return undefined
    } catch (error) {
      return error
    } finally {
      for (const look of waiting) look()
    }
  }

  const repeat = async (): Promise<void> => {
    let pauseMs = pauses.firstMs
    for (let rounds = 1; ; rounds += 1) {
      const failure = await tryAll()
      if (left.size === 0) {
        if (rounds > 1) log[isNeeded ? 'info' : 'debug']({ rounds }, "all of the host's network is as it should be")
        return
      }
      if (rounds === 1) {
        const what = failure === undefined ? "not all of the host's network could be made" : 'the network helper does not help'
        log[isNeeded ? 'warn' : 'debug']({ ...(failure !== undefined && { err: failure }) }, `${what}; tried again until it is done`)
      }
      await delay(pauseMs, undefined, { ref: false, signal }).catch(() => undefined)
      if (signal.aborted) return
      pauseMs = Math.min(pauseMs * 2, pauses.longestMs)
    }
  }

  return {
    ended: repeat().finally(() => {
      for (const look of waiting) look()
    }),
    attached: (entry) =>
      new Promise((resolve) => {
        const task = taps.get(entry)
        const look = (): void => {
          const isThere = vms.get(entry.id) === entry
          if (task && left.has(task) && isThere && !signal.aborted) return
          waiting.delete(look)
          resolve(task !== undefined && !left.has(task) && isThere)
        }
        waiting.add(look)
        look()
      }),
    close() {
      closing.abort()
      for (const look of waiting) look()
    },
  }
}
