import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { grantAll, HelperRefusal, startFakeHelper, type HelperAnswer } from '../../fakes/helper-server.ts'
import type { LogLine } from '../rpc/harness.ts'
import { lanRecord, onLan, openNetworks, vmRecord } from './harness.ts'

const onBr0 = { kind: 'bridge', bridge: 'br0' }
const vmFile = (id: string, networks: readonly object[], changes = {}) => ({ [`vm/${id}/vm.json`]: vmRecord(id, networks, changes) })

const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, bridge: 'aeb-lan' })
const bridge = (key: string, prefix?: string) => ({ name: `aeb-${key}`, kind: 'bridge', key, up: true, ...(prefix && { prefix }) })
const withLinks = (...links: object[]): HelperAnswer => (request) => (request.operation === 'link.list' ? { links } : grantAll(request))

t.test('what should be is made: the bridge of each network, the taps of each VM', async (t) => {
  const files = { 'network/lan.json': lanRecord, ...vmFile('aaaaaaaa', [onLan]), ...vmFile('bbbbbbbb', [{ kind: 'user', forwards: [] }, onBr0]) }
  const { replay, requests } = await openNetworks(t, { files, answer: withLinks() })
  await replay().ended
  const of = (name: string): unknown[] => requests.filter(({ operation }) => operation === name).map(({ params }) => params)
  t.match(of('bridge.ensure'), [{ network: 'lan' }, { network: 'lan' }])
  const taps = of('tap.ensure') as { vm: string; nic: number }[]
  t.same(taps.map(({ vm, nic }) => `${vm}.${nic}`).sort(), ['aaaaaaaa.0', 'bbbbbbbb.1'])
  t.same([...of('tap.delete'), ...of('bridge.delete')], [])
})

t.test('what should not be is removed, taps before bridges', async (t) => {
  const files = { 'network/lan.json': lanRecord, ...vmFile('aaaaaaaa', [onLan, { kind: 'user', forwards: [] }]) }
  const links = [bridge('lan', 'fd00:ae:0:1::/64'), bridge('old'), tap('aaaaaaaa.0'), tap('aaaaaaaa.1'), tap('gonegone.0')]
  const { replay, requests } = await openNetworks(t, { files, answer: withLinks(...links) })
  await replay().ended
  const removals = requests.filter(({ operation }) => /delete|clear/.test(operation))
  t.same(removals.filter(({ operation }) => operation === 'tap.delete').map(({ params }) => params), [{ vm: 'gonegone', nic: 0 }, { vm: 'aaaaaaaa', nic: 1 }])
  t.same(removals.filter(({ operation }) => operation === 'bridge.delete').map(({ params }) => params), [{ network: 'old' }])
  t.same(removals.filter(({ operation }) => operation === 'ra.clear').map(({ params }) => params), [{ network: 'lan' }], 'its record has no prefix')
  const order = requests.map(({ operation }) => operation)
  t.ok(order.lastIndexOf('tap.delete') < order.indexOf('bridge.delete'))
})

t.test('what belongs to a record that cannot be read is left alone', async (t) => {
  const files = { 'network/lan.json': '{', 'vm/aaaaaaaa/vm.json': '{' }
  const { replay, asked } = await openNetworks(t, { files, answer: withLinks(bridge('lan'), tap('aaaaaaaa.0'), tap('of another form')) })
  await replay().ended
  t.same(asked(), ['link.list'])
})

t.test('a VM that is half made or half deleted is left to who goes on with it', async (t) => {
  const files = { ...vmFile('aaaaaaaa', [onBr0], { phase: 'creating' }), ...vmFile('bbbbbbbb', [onBr0], { phase: 'deleting' }) }
  const { replay, asked } = await openNetworks(t, { files, answer: withLinks(tap('aaaaaaaa.0'), tap('bbbbbbbb.0')) })
  await replay().ended
  t.same(asked(), ['link.list'])
})

t.test('a tap whose VM is made while the links are listed is not taken from it', async (t) => {
  const { replay, asked, vms } = await openNetworks(t, {
    answer: async (request) => {
      if (request.operation !== 'link.list') return grantAll(request)
      await vms.add(vmRecord('aaaaaaaa', [onBr0], { phase: 'creating' }))
      return { links: [tap('aaaaaaaa.0')] }
    },
  })
  await replay().ended
  t.same(asked(), ['link.list'])
})

t.test('a VM that is deleted while it waits for its turn gets no tap', async (t) => {
  const { replay, requests, vms, vmQueues } = await openNetworks(t, { files: vmFile('aaaaaaaa', [onBr0]), answer: withLinks() })
  const entry = vms.find('aaaaaaaa')
  void vmQueues.run(entry, async () => {
    while (requests.length === 0) await new Promise(setImmediate)
    await vms.remove(entry)
  })
  await replay().ended
  t.same(requests.map(({ operation }) => operation), ['link.list'])
})

/** Waits as long as it takes: a replay that sleeps keeps no process alive. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(5)
}
const warnings = (lines: readonly LogLine[]): LogLine[] => lines.filter(({ level }) => level === 'warn' || level === 40)

t.test('one thing that fails is told once and tried until it is done; the rest is not done again', async (t) => {
  const files = { 'network/lan.json': lanRecord, ...vmFile('aaaaaaaa', [onBr0]) }
  let refused = 0
  const { replay, lines, requests } = await openNetworks(t, {
    files,
    answer: (request) => {
      if (request.operation !== 'bridge.ensure' || refused === 3) return withLinks(bridge('old'))(request, undefined as never)
      refused += 1
      return new HelperRefusal('NET_QUOTA', 'no more')
    },
  })
  await replay().ended
  t.match(warnings(lines), [{ network: 'lan', err: { message: 'no more' } }, { msg: /tried again/ }])
  t.match(lines.at(-1), { msg: /as it should be/, rounds: 4 })
  const count = (name: string): number => requests.filter(({ operation }) => operation === name).length
  t.same(['bridge.ensure', 'tap.ensure', 'bridge.delete'].map(count), [4, 1, 1])
})

t.test('another reason of the same failure is told as well', async (t) => {
  const reasons = ['one', 'one', 'two', 'two']
  const { replay, lines } = await openNetworks(t, {
    files: vmFile('aaaaaaaa', [onBr0]),
    answer: (request) => {
      const reason = request.operation === 'tap.ensure' ? reasons.shift() : undefined
      return reason === undefined ? grantAll(request) : new HelperRefusal('NET_DENIED', reason)
    },
  })
  await replay().ended
  t.same(warnings(lines).flatMap(({ err }) => (err === undefined ? [] : [(err as Error).message])), ['one', 'two'])
})

t.test('a helper that comes after the daemon finds it waiting, and so does a VM that wants to start', async (t) => {
  const { replay, folder, lines, vms, requests } = await openNetworks(t, { files: vmFile('aaaaaaaa', [onBr0]) })
  const { ended, attached } = replay()
  const entry = vms.find('aaaaaaaa')
  const isAttached = attached(entry)
  await until(() => lines.length > 0)
  t.match(lines, [{ msg: /tried again/, err: { message: /no socket/ } }])
  t.same(requests, [])
  const helper = await startFakeHelper(t, join(folder, 'helper.sock'), withLinks(tap('gonegone.0')))
  t.equal(await isAttached, true)
  await ended
  t.same(helper.requests.map(({ operation }) => operation).sort(), ['link.list', 'tap.delete', 'tap.ensure'])
  t.equal(await attached(entry), true, 'also when asked later')
})

t.test('whoever waits for taps that will not come is told', async (t) => {
  const files = { ...vmFile('aaaaaaaa', [onBr0]), ...vmFile('bbbbbbbb', [{ kind: 'user', forwards: [] }]), ...vmFile('cccccccc', [onBr0]) }
  const answer: HelperAnswer = (request) => (request.operation === 'tap.ensure' ? new HelperRefusal('NET_DENIED', 'no') : grantAll(request))
  const { replay, vms, asked, requests } = await openNetworks(t, { files, answer })
  const { attached, close, ended } = replay()
  const [gone, closed] = [vms.find('cccccccc'), vms.find('aaaaaaaa')].map(attached)
  t.equal(await attached(vms.find('bbbbbbbb')), false, 'it has none')
  await vms.remove(vms.find('cccccccc'))
  t.equal(await gone, false)
  close()
  t.equal(await closed, false)
  await ended
  asked()
  const before = requests.length
  await delay(50)
  t.equal(requests.length, before, 'nothing is asked for after it was closed')
})

t.test('without a helper it is said once, and loudly only where something needs it', async (t) => {
  const open = async (files: Record<string, unknown>): Promise<LogLine[]> => {
    const { replay, lines } = await openNetworks(t, { files })
    const { close, ended } = replay()
    await until(() => lines.length > 0)
    await delay(100)
    close()
    await ended
    return lines
  }
  const quiet = await open({})
  const loud = await open({ ...vmFile('aaaaaaaa', [onBr0]), ...vmFile('bbbbbbbb', [onLan]) })
  t.same([quiet.length, loud.length], [1, 1])
  t.not(loud[0]?.['level'], quiet[0]?.['level'])
})
