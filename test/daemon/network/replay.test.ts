import t from 'tap'
import { grantAll, HelperRefusal, type HelperAnswer } from '../../fakes/helper-server.ts'
import { lanRecord, onLan, openNetworks, vmRecord } from './harness.ts'

const onBr0 = { kind: 'bridge', bridge: 'br0' }
const vmFile = (id: string, networks: readonly object[], changes = {}) => ({ [`vm/${id}/vm.json`]: vmRecord(id, networks, changes) })

const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, bridge: 'aeb-lan' })
const bridge = (key: string, prefix?: string) => ({ name: `aeb-${key}`, kind: 'bridge', key, up: true, ...(prefix && { prefix }) })
const withLinks = (...links: object[]): HelperAnswer => (request) => (request.operation === 'link.list' ? { links } : grantAll(request))

t.test('what should be is made: the bridge of each network, the taps of each VM', async (t) => {
  const files = { 'network/lan.json': lanRecord, ...vmFile('aaaaaaaa', [onLan]), ...vmFile('bbbbbbbb', [{ kind: 'user', forwards: [] }, onBr0]) }
  const { replay, requests } = await openNetworks(t, { files, answer: withLinks() })
  await replay()
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
  await replay()
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
  await replay()
  t.same(asked(), ['link.list'])
})

t.test('a VM that is half made or half deleted is left to who goes on with it', async (t) => {
  const files = { ...vmFile('aaaaaaaa', [onBr0], { phase: 'creating' }), ...vmFile('bbbbbbbb', [onBr0], { phase: 'deleting' }) }
  const { replay, asked } = await openNetworks(t, { files, answer: withLinks(tap('aaaaaaaa.0'), tap('bbbbbbbb.0')) })
  await replay()
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
  await replay()
  t.same(asked(), ['link.list'])
})

t.test('a VM that is deleted while it waits for its turn gets no tap', async (t) => {
  const { replay, requests, vms, vmQueues } = await openNetworks(t, { files: vmFile('aaaaaaaa', [onBr0]), answer: withLinks() })
  const entry = vms.find('aaaaaaaa')
  void vmQueues.run(entry, async () => {
    while (requests.length === 0) await new Promise(setImmediate)
    await vms.remove(entry)
  })
  await replay()
  t.same(requests.map(({ operation }) => operation), ['link.list'])
})

t.test('one thing that fails is logged, and the rest goes on', async (t) => {
  const files = { 'network/lan.json': lanRecord, ...vmFile('aaaaaaaa', [onBr0]) }
  const { replay, lines, asked } = await openNetworks(t, {
    files,
    answer: (request) => (request.operation === 'bridge.ensure' ? new HelperRefusal('NET_QUOTA', 'no more') : withLinks(bridge('old'))(request, undefined as never)),
  })
  await replay()
  t.match(lines.filter(({ level }) => level === 'warn' || level === 40), [{ network: 'lan', err: { message: 'no more' } }])
  t.same(asked().sort(), ['bridge.delete', 'bridge.ensure', 'link.list', 'tap.ensure'])
})

t.test('without a helper it is said once, and loudly only where something needs it', async (t) => {
  const quiet = await openNetworks(t, {})
  await quiet.replay()
  t.equal(quiet.lines.length, 1)
  const loud = await openNetworks(t, { files: { ...vmFile('aaaaaaaa', [onBr0]), ...vmFile('bbbbbbbb', [onLan]) } })
  await loud.replay()
  t.equal(loud.lines.length, 1)
  t.not(loud.lines[0]?.['level'], quiet.lines[0]?.['level'])
})
