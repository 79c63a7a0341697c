/** What a host takes, and what it says of what it does not. */
import t from 'tap'
import type { ImageName, NetworkName } from '../../../policy/names.ts'
import { decide, whyFull, type HostFacts } from '../../../tui/broker/decide.ts'

const facts: HostFacts = {
  images: new Map([
    ['small', { virtualSizeMiB: 100 }],
    ['bad', { virtualSizeMiB: 100, problem: 'it has a backing file' }],
  ]),
  networks: new Set(['lan']),
  hasBridge: (name) => name === 'br0',
  vms: { used: 2, limit: 3 },
  memoryMiB: { used: 1000, limit: 2000 },
  diskMiB: { used: 500, limit: 700 },
}
type Asked = Parameters<typeof decide>[0]
const asked = { image: 'small' as ImageName, networks: [], memoryMiB: 1000, diskMiB: undefined }
const on = (...networks: object[]): Partial<Asked> => ({ networks: networks as Asked['networks'] })

const rows: readonly (readonly [what: string, Partial<Asked>, Partial<HostFacts>, expected: object])[] = [
  ['what just fits', {}, {}, { takes: true, memoryMiB: 1000, diskMiB: 100 }],
  ['a disk larger than the image', { diskMiB: 200 }, {}, { takes: true, diskMiB: 200 }],
  ['a host without limits', { memoryMiB: 1_000_000, diskMiB: 1_000_000 }, { vms: { used: 9 }, memoryMiB: { used: 0 }, diskMiB: { used: 0 } }, { takes: true }],
  ['networks that need nothing of the host, and those it has', on({ kind: 'user' }, { kind: 'vpn', name: 'blue' }, { kind: 'network', name: 'lan' as NetworkName }, { kind: 'bridge', bridge: 'br0' }), {}, { takes: true }],
  ['an image that is not there', { image: 'none' as ImageName }, {}, { takes: false, lasting: true, reason: 'it has no image "none"' }],
  ['an image that cannot be used', { image: 'bad' as ImageName }, {}, { takes: false, lasting: true, reason: /backing file/ }],
  ['a network that is not there', on({ kind: 'network', name: 'dmz' }), {}, { takes: false, lasting: true, reason: /"dmz"/ }],
  ['a bridge that is not there', on({ kind: 'bridge', bridge: 'br1' }), {}, { takes: false, lasting: true, reason: /"br1"/ }],
  ['one VM too many', {}, { vms: { used: 3, limit: 3 } }, { takes: false, lasting: false, reason: 'it has 3 VMs, of 3 at the most' }],
  ['too much memory', { memoryMiB: 1001 }, {}, { takes: false, lasting: false, reason: 'it has 1000 MiB of memory left, and 1001 are asked for' }],
  ['too much disk', { diskMiB: 201 }, {}, { takes: false, lasting: false, reason: 'it has 200 MiB of disk left, and 201 are asked for' }],
  ['more than all, of a host that is over its limit', {}, { memoryMiB: { used: 2001, limit: 2000 } }, { takes: false, reason: /^it has 0 MiB of memory/ }],
]
for (const [what, request, host, expected] of rows) {
  t.test(what, async (t) => void t.match(decide({ ...asked, ...request }, { ...facts, ...host }), expected))
}

t.test('a host is full when nothing at all fits any more', async (t) => {
  t.equal(whyFull(facts), undefined)
  t.match(whyFull({ ...facts, vms: { used: 4, limit: 3 } }), /^full: 4 VMs, of 3/)
  t.match(whyFull({ ...facts, memoryMiB: { used: 1969, limit: 2000 } }), /memory/)
  t.equal(whyFull({ ...facts, memoryMiB: { used: 1968, limit: 2000 } }), undefined)
  t.match(whyFull({ ...facts, diskMiB: { used: 700, limit: 700 } }), /disk/)
})
