/**
 * Looks after taps, since nobody tells what becomes of them. Whoever empties the kernel's tables, as a restart of
 * nftables.service does, takes their filters with them; whoever removes a bridge and makes it anew, as a restart of
 * networking.service does, leaves them on none: both are put right. Of a tap that was removed under a QEMU that runs it is told:
 * the guest hears nothing more, whatever is made in its place.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { OwnLink } from '../../policy/privileged/results.ts'
import type { Entry } from '../vm/table.ts'
import type { HostLinks } from './links.ts'
import { attachTask, vpnTask, type ReplayDependencies, type Task } from './replay-tasks.ts'
import { parseTapKey, parseTunnelKey, tapsOf } from './requests.ts'

/** Each look is a request to the helper, so a line of its journal. */
const EVERY_MS = 60_000

export interface TapWatch {
  close(): void
}

export function watchTaps(deps: ReplayDependencies & { readonly links: HostLinks }, everyMs = EVERY_MS): TapWatch {
  const { helper, vms, vpns, links: host, log } = deps

  const taskOf = (key: string): Task | undefined => {
    const [vpn, tap] = [parseTunnelKey(key), parseTapKey(key)]
    const record = vpn === undefined ? undefined : vpns.get(vpn)
    if (record) return vpnTask(deps, record)
    const entry = tap && vms.get(tap.vm)
    return entry && attachTask(deps, entry)
  }

  /** Not so of one whose bridge is the admin's and is not there: there is nothing to put it on. */
  const isAdrift = ({ key, bridge }: OwnLink): boolean => {
    const tap = parseTapKey(key)
    const wanted = tap && vms.get(tap.vm)?.record.networks[tap.nic]
    return bridge === undefined && (wanted?.kind !== 'bridge' || host.isBridge(wanted.bridge))
  }

  const tellUnplugged = (entry: Entry, taps: ReadonlyMap<string, OwnLink>): void => {
    if (!entry.live) return
    const isHeld = ({ vm, nic }: { vm: string; nic: number }): boolean => {
      const tap = taps.get(`${vm}.${nic}`)
      return tap !== undefined && host.hasCarrier(tap.name)
    }
    const unplugged = tapsOf(entry.record).filter((tap) => !isHeld(tap)).map(({ nic }) => nic)
    if (isDeepStrictEqual(unplugged, entry.live.unplugged ?? [])) return
    entry.live.unplugged = unplugged
    if (unplugged.length > 0) log.warn({ vm: entry.id, nics: unplugged }, 'taps that QEMU holds have been removed; their guest is cut off until it is started anew')
    vms.changed(entry)
  }

  const look = async (): Promise<void> => {
    const withTaps = Array.from(vms.entries()).filter(({ record }) => tapsOf(record).length > 0)
    if (vpns.records().length === 0 && withTaps.length === 0) return
    const { links } = await helper.call('link.list', {})
    const taps = links.filter(({ kind }) => kind === 'tap')
    for (const entry of withTaps) tellUnplugged(entry, new Map(taps.map((tap) => [tap.key, tap])))
    const wrong = taps.filter((tap) => tap.filtered === false || isAdrift(tap)).map(({ key }) => key)
    if (wrong.length === 0) return
    log.warn({ taps: wrong }, 'somebody has removed the filters of taps, or their bridges; they are put into force again')
    await Promise.all(wrong.flatMap((key) => taskOf(key)?.run(links) ?? []))
  }

  const closing = new AbortController()
  const { signal } = closing
  const watch = async (): Promise<void> => {
    for (;;) {
      await delay(everyMs, undefined, { ref: false, signal }).catch(() => undefined)
      if (signal.aborted) return
      await look().catch((error: unknown) => {
        log.debug({ err: error }, 'taps could not be looked after')
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
