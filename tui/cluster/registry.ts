/** The hosts on the broker, as they have told of themselves; and which of them are whom they say, as far as people have pinned them. Pure. */
import { LOST_AFTER_MS, type Announcement, type Host } from '../../policy/broker/cluster.ts'
import { judge, type Pins, type Trust } from './keys/pins.ts'

interface Entry {
  readonly announcement: Announcement
  /** By a clock of this host's that only goes ahead: theirs may be wrong, and its own put right. In milliseconds. */
  readonly heardAt: number
}

/** What an announcement is: of a host that was not there a moment ago, of one that was, or under a name that is pinned with another key. */
export type News = 'new' | 'known' | 'conflict'

/** Whoever may publish to the broker can announce as many as it likes. */
const MOST_HOSTS = 1000

export class Registry {
  readonly #entries = new Map<string, Entry>()
  /** When somebody last announced itself under a pinned name, with another key. */
  readonly #conflicts = new Map<string, number>()

  /** What conflicts with a pin is not believed: the facts stay those of the host that was pinned. */
  hear(announcement: Announcement, pins: Pins, now: number): News {
    const { host, publicKey } = announcement
    if (judge(pins, host, publicKey) === 'conflict') {
      this.#conflicts.set(host, now)
      return 'conflict'
    }
    const known = this.#isConnected(host, now)
    this.#entries.delete(host)
    this.#entries.set(host, { announcement, heardAt: now })
    if (this.#entries.size > MOST_HOSTS) this.#forgetOne(pins)
    return known ? 'known' : 'new'
  }

  /** The one that was not heard of for the longest time, and is not pinned while there is such a one. */
  #forgetOne(pins: Pins): void {
    const names = [...this.#entries.keys()]
    this.#entries.delete(names.find((name) => !pins.has(name)) ?? names[0]!)
  }

  /** The host has said that it goes; what it had is not forgotten where it is pinned. */
  leave(host: string, pins: Pins): void {
    const entry = this.#entries.get(host)
    this.#entries.delete(host)
    if (entry && pins.has(host)) this.#entries.set(host, { ...entry, heardAt: -Infinity })
  }

  /** Hosts that were heard of a moment ago, by name. */
  connected(now: number): string[] {
    return [...this.#entries.keys()].filter((host) => this.#isConnected(host, now)).sort()
  }

  /** The last announcements of hosts that are connected and show the key that is pinned for them, by name. */
  trusted(pins: Pins, now: number): Announcement[] {
    return this.#announced(now).filter(({ host, publicKey }) => judge(pins, host, publicKey) === 'pinned')
  }

  /** Those of the other hosts that are connected, by name. */
  strangers(pins: Pins, now: number): Announcement[] {
    return this.#announced(now).filter(({ host, publicKey }) => judge(pins, host, publicKey) !== 'pinned')
  }

  /** Those of pinned hosts that are not connected, as far as they were heard of. */
  absent(pins: Pins, now: number): Announcement[] {
    return [...this.#entries].flatMap(([host, { announcement }]) => (this.#isConnected(host, now) || judge(pins, host, announcement.publicKey) !== 'pinned' ? [] : [announcement]))
  }

  #announced(now: number): Announcement[] {
    return this.connected(now).map((host) => this.#entries.get(host)!.announcement)
  }

  /** All that were heard of, and all that are pinned, by name. */
  list(pins: Pins, now: number): Host[] {
    const names = new Set([...this.#entries.keys(), ...pins.keys()])
    return [...names].sort().map((name) => this.#describe(name, pins, now))
  }

  #describe(name: string, pins: Pins, now: number): Host {
    const entry = this.#entries.get(name)
    const trust = this.#trust(name, entry, pins, now)
    if (!entry) return { host: name as Host['host'], connected: false, trust, publicKey: pins.get(name)!.text }
    const age = Math.max(0, Math.round((now - entry.heardAt) / 1000))
    return { ...entry.announcement, ...(Number.isFinite(age) && { ageSeconds: age }), connected: this.#isConnected(name, now), trust }
  }

  #trust(name: string, entry: Entry | undefined, pins: Pins, now: number): Trust {
    if (now - (this.#conflicts.get(name) ?? -Infinity) <= LOST_AFTER_MS) return pins.has(name) ? 'conflict' : 'unknown'
    return judge(pins, name, entry?.announcement.publicKey)
  }

  #isConnected(host: string, now: number): boolean {
    return now - (this.#entries.get(host)?.heardAt ?? -Infinity) <= LOST_AFTER_MS
  }
}
