/**
 * Has the filters of taps put into force again that somebody has removed: whoever empties the kernel's tables, as a restart of
 * nftables.service does, takes the helper's with them, and nobody tells.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { attachTask, vpnTask, type ReplayDependencies, type Task } from './replay-tasks.ts'
import { parseTapKey, parseTunnelKey, tapsOf } from './requests.ts'

/** Each look is a request to the helper, so a line of its journal. */
const EVERY_MS = 60_000

export interface FilterWatch {
  close(): void
}

export function watchFilters(deps: ReplayDependencies, everyMs = EVERY_MS): FilterWatch {
  const { helper, vms, vpns, log } = deps

  const taskOf = (key: string): Task | undefined => {
    const [vpn, tap] = [parseTunnelKey(key), parseTapKey(key)]
    const record = vpn === undefined ? undefined : vpns.get(vpn)
    if (record) return vpnTask(deps, record)
    const entry = tap && vms.get(tap.vm)
    return entry && attachTask(deps, entry)
  }

  const look = async (): Promise<void> => {
    const hasTaps = vpns.records().length > 0 || Array.from(vms.entries()).some(({ record }) => tapsOf(record).length > 0)
    if (!hasTaps) return
    const { links } = await helper.call('link.list', {})
    const open = links.flatMap(({ kind, key, filtered }) => (kind === 'tap' && filtered === false ? [key] : []))
    if (open.length === 0) return
    log.warn({ taps: open }, 'somebody has removed the filters of taps; they are put into force again')
    await Promise.all(open.flatMap((key) => taskOf(key)?.run(links) ?? []))
  }

  const closing = new AbortController()
  const { signal } = closing
  const watch = async (): Promise<void> => {
    for (;;) {
      await delay(everyMs, undefined, { ref: false, signal }).catch(() => undefined)
      if (signal.aborted) return
      await look().catch((error: unknown) => {
        log.debug({ err: error }, 'filters of taps could not be looked after')
      })
    }
  }
  void watch()
  return {
    close() {
      closing.abort()
    },
  }
}
