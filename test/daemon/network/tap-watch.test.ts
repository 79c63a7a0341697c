import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { grantAll } from '../../fakes/helper-server.ts'
import type { Live } from '../../../daemon/vm/live.ts'
import type { VmId } from '../../../policy/names.ts'
import { lanRecord, onLan, openNetworks, vmRecord, type Harness } from './harness.ts'

/** That many from now on. */
async function afterLooks(requests: Harness['requests'], count: number): Promise<void> {
  const looks = (): number => requests.filter(({ operation }) => operation === 'link.list').length
  const until = looks() + count
  for (let tries = 0; looks() < until && tries < 500; tries += 1) await delay(10)
}

t.test('filters that somebody has removed are put into force again, those alone, and none twice', async (t) => {
  const open = new Set(['aaaaaaaa.0'])
  const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, bridge: 'aeb-lan', filtered: !open.has(key) })
  const files = { 'network/lan.json': lanRecord, 'vm/aaaaaaaa/vm.json': vmRecord('aaaaaaaa', [onLan]), 'vm/bbbbbbbb/vm.json': vmRecord('bbbbbbbb', [onLan]) }
  const { watchTaps, requests, lines } = await openNetworks(t, {
    files,
    answer(request) {
      if (request.operation === 'link.list') return { links: ['aaaaaaaa.0', 'bbbbbbbb.0'].map(tap) }
      const { vm, nic } = request.params as { vm: string; nic: number }
      if (request.operation === 'tap.ensure') open.delete(`${vm}.${nic}`)
      return grantAll(request)
    },
  })
  watchTaps()
  const ensured = (): unknown[] => requests.filter(({ operation }) => operation === 'tap.ensure').map(({ params }) => (params as { vm: string }).vm)
  await afterLooks(requests, 4)
  t.same(ensured(), ['aaaaaaaa'])
  t.match(lines.filter(({ level }) => level === 40), [{ taps: ['aaaaaaaa.0'] }])
})

t.test("taps that lost their bridge are put on it again, and where it is the admin's, once it is there again", async (t) => {
  const adrift = new Set(['aaaaaaaa.0', 'bbbbbbbb.0'])
  const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, filtered: true, ...(!adrift.has(key) && { bridge: 'aeb-lan' }) })
  const files = {
    'network/lan.json': lanRecord, 'vm/aaaaaaaa/vm.json': vmRecord('aaaaaaaa', [onLan]),
    'vm/bbbbbbbb/vm.json': vmRecord('bbbbbbbb', [{ kind: 'bridge', bridge: 'br0' }]), 'vm/cccccccc/vm.json': vmRecord('cccccccc', [onLan]),
  }
  const { watchTaps, requests, folder } = await openNetworks(t, {
    files,
    answer(request) {
      if (request.operation === 'link.list') return { links: ['aaaaaaaa.0', 'bbbbbbbb.0', 'cccccccc.0'].map(tap) }
      const { vm, nic } = request.params as { vm: string; nic: number }
      if (request.operation === 'tap.ensure') adrift.delete(`${vm}.${nic}`)
      return grantAll(request)
    },
  })
  watchTaps()
  const asked = (): unknown[] => requests.filter(({ operation }) => operation !== 'link.list').map(({ operation, params }) => [operation, (params as { vm?: string }).vm])
  await afterLooks(requests, 4)
  t.same(asked(), [['bridge.ensure', undefined], ['tap.ensure', 'aaaaaaaa']])
  mkdirSync(join(folder, 'sys', 'br0', 'bridge'), { recursive: true })
  await afterLooks(requests, 4)
  t.same(asked().slice(2), [['tap.ensure', 'bbbbbbbb']])
})

t.test('of a tap that was removed under a QEMU it is told, also where another is in its place, until QEMU is another one', async (t) => {
  const there = new Set(['aaaaaaaa.0', 'aaaaaaaa.1'])
  const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, filtered: true, bridge: 'aeb-lan' })
  const files = { 'network/lan.json': lanRecord, 'vm/aaaaaaaa/vm.json': vmRecord('aaaaaaaa', [onLan, onLan]), 'vm/bbbbbbbb/vm.json': vmRecord('bbbbbbbb', [onLan]) }
  const { watchTaps, requests, folder, vms, lines } = await openNetworks(t, {
    files, answer: (request) => (request.operation === 'link.list' ? { links: [...there].map(tap) } : grantAll(request)),
  })
  const carry = (key: string, carrier: string): void => {
    mkdirSync(join(folder, 'sys', `aet-${key}`), { recursive: true })
    writeFileSync(join(folder, 'sys', `aet-${key}`, 'carrier'), `${carrier}\n`)
  }
  for (const key of there) carry(key, '1')
  const entry = vms.get('aaaaaaaa' as VmId)!
  const live = (): Live => ({ pid: 1, startedAt: new Date(0), accelerator: 'tcg', vcpus: 1, memoryMiB: 64, paused: false, heldByDisk: undefined, agent: 'absent', agentAnswered: false, addresses: [], addressesAt: undefined })
  entry.live = live()
  watchTaps()
  const problem = async (): Promise<string> => {
    await afterLooks(requests, 3)
    return vms.view(entry).problem ?? ''
  }
  t.notMatch(await problem(), /cut off/)
  there.delete('aaaaaaaa.1')
  t.match(await problem(), /interfaces, 1 is cut off: .* vm.stop and vm.start/)
  there.add('aaaaaaaa.1')
  carry('aaaaaaaa.1', '0')
  t.match(await problem(), /interfaces, 1 is cut off/)
  t.match(lines.filter(({ level }) => level === 40), [{ vm: 'aaaaaaaa', nics: [1] }], 'once in the log')
  entry.live = live()
  carry('aaaaaaaa.1', '1')
  t.notMatch(await problem(), /cut off/)
})
