import t from 'tap'
import { Announcement, LOST_AFTER_MS } from '../../../policy/broker/cluster.ts'
import { Registry } from '../../../tui/cluster/registry.ts'
import type { Pins } from '../../../tui/cluster/keys/pins.ts'

const room = { used: 0 }
const announce = (host: string, publicKey: string): Announcement =>
  ({ host, publicKey, version: '1', at: '2026-01-01T00:00:00.000Z', takes: true, vms: room, memoryMiB: room, diskMiB: room, images: [], networks: [], vpns: [], bridges: [] }) as unknown as Announcement
const pinned = (hosts: Readonly<Record<string, string>>): Pins =>
  new Map(Object.entries(hosts).map(([host, text]) => [host, { text }])) as unknown as Pins
const none = pinned({})

t.test('a host is connected for as long as it is heard of', async (t) => {
  const registry = new Registry()
  t.equal(registry.hear(announce('a', 'key-a'), none, 0), 'new')
  t.equal(registry.hear(announce('a', 'key-a'), none, LOST_AFTER_MS), 'known')
  t.same(registry.connected(2 * LOST_AFTER_MS), ['a'])
  t.same(registry.connected(2 * LOST_AFTER_MS + 1), [])
  t.match(registry.list(none, 3 * LOST_AFTER_MS), [{ host: 'a', connected: false, trust: 'unknown', ageSeconds: (2 * LOST_AFTER_MS) / 1000 }])
  t.equal(registry.hear(announce('a', 'key-a'), none, 4 * LOST_AFTER_MS), 'new', 'and is one that was not there a moment ago when it comes back')
})

t.test('under a pinned name the key that was pinned is believed, and no other', async (t) => {
  const registry = new Registry()
  const pins = pinned({ a: 'key-a' })
  registry.hear(announce('a', 'key-a'), pins, 0)
  t.equal(registry.hear({ ...announce('a', 'another'), takes: false }, pins, 1), 'conflict')
  t.match(registry.list(pins, 1), [{ host: 'a', takes: true, publicKey: 'key-a', trust: 'conflict' }], 'the facts stay, and the conflict is told')
  t.match(registry.list(pins, LOST_AFTER_MS + 2), [{ trust: 'pinned' }], 'for a while')
})

t.test('trusted are those that are connected and show the key that is pinned', async (t) => {
  const registry = new Registry()
  const pins = pinned({ a: 'key-a', c: 'key-c' })
  for (const host of ['a', 'b', 'c']) registry.hear(announce(host, `key-${host}`), pins, host === 'c' ? -LOST_AFTER_MS : 1)
  t.same(registry.trusted(pins, 2).map(({ host }) => host), ['a'])
})

t.test('what a pinned host had is known while it is away', async (t) => {
  const registry = new Registry()
  const pins = pinned({ a: 'key-a', c: 'key-c' })
  for (const host of ['a', 'b', 'c']) registry.hear(announce(host, `key-${host}`), pins, 0)
  registry.leave('a', pins)
  t.match(registry.absent(pins, 1), [{ host: 'a' }])
  t.same(registry.absent(pins, LOST_AFTER_MS + 1).map(({ host }) => host).sort(), ['a', 'c'])
  t.same(registry.absent(none, LOST_AFTER_MS + 1), [])
})

t.test('a pinned host that leaves, or was never heard of, is listed; another one is forgotten', async (t) => {
  const registry = new Registry()
  const pins = pinned({ a: 'key-a', never: 'key-n' })
  for (const host of ['a', 'b']) registry.hear(announce(host, `key-${host}`), pins, 0)
  registry.leave('a', pins)
  registry.leave('b', pins)
  t.same(registry.connected(1), [])
  const listed = registry.list(pins, 1)
  t.same(listed.map(({ host, connected, ageSeconds }) => [host, connected, ageSeconds]), [['a', false, undefined], ['never', false, undefined]])
  t.equal(listed[1]?.publicKey, 'key-n')
})

t.test('whoever announces host after host makes it remember no more than a thousand', async (t) => {
  const registry = new Registry()
  for (let number = 0; number < 1500; number += 1) registry.hear(announce(`h${number}`, 'key'), none, 0)
  t.equal(registry.list(none, 0).length, 1000)
})

t.test('an announcement has no text that fills the memory of who hears it', async (t) => {
  const good = announce('a', 'key')
  t.ok(Announcement.safeParse(good).success)
  const long = 'x'.repeat(100_000)
  for (const more of [{ why: long }, { version: long }, { publicKey: long }, { at: `2026-01-01T00:00:00.${'0'.repeat(100_000)}Z` }]) {
    t.notOk(Announcement.safeParse({ ...good, ...more }).success, Object.keys(more)[0]!)
  }
})

t.test('a flood of made-up names drives no pinned host out', async (t) => {
  const registry = new Registry()
  const pins = pinned({ honest: 'key' })
  registry.hear(announce('honest', 'key'), pins, 0)
  for (let number = 0; number < 3000; number += 1) registry.hear(announce(`forged${number}`, 'key'), pins, 0)
  t.equal(registry.connected(0).length, 1000)
  t.same(registry.trusted(pins, 0).map(({ host }) => host), ['honest'])
})
