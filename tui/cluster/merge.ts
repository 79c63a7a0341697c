/** What several hosts say of all hosts -> one list, as it is seen from here. Pure. */
import type { Host } from '../../policy/broker/cluster.ts'
import { judge, type Pins } from './keys/pins.ts'

export interface HostView {
  /** The host that says so. */
  readonly by: string
  readonly hosts: readonly Host[]
}

/** Of each host what it says of itself, or else what was heard last; trust is that of this host, whose pins these are. */
export function mergeHosts(views: readonly HostView[], self: string, pins: Pins): Host[] {
  const rows = new Map<string, Host>()
  for (const { by, hosts } of views) {
    for (const row of hosts) {
      const best = rows.get(row.host)
      if (by === row.host) rows.set(row.host, { ...row, ageSeconds: 0, connected: true })
      else if (!best || ageOf(row) < ageOf(best)) rows.set(row.host, row)
    }
  }
  for (const [name, key] of pins) {
    if (!rows.has(name)) rows.set(name, { host: name as Host['host'], connected: false, trust: 'pinned', publicKey: key.text })
  }
  const conflicts = new Set(views.find(({ by }) => by === self)?.hosts.flatMap(({ host, trust }) => (trust === 'conflict' ? [host] : [])))
  return [...rows.values()]
    .map((row) => ({ ...row, trust: row.host === self ? ('self' as const) : conflicts.has(row.host) ? ('conflict' as const) : judge(pins, row.host, row.publicKey) }))
    .sort((a, b) => (a.host < b.host ? -1 : 1))
}

const ageOf = ({ ageSeconds = Infinity }: Host): number => ageSeconds
