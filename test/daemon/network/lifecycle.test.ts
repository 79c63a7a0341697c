import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Prefix64 } from '../../../policy/names.ts'
import { grantAll, HelperRefusal, type HelperAnswer } from '../../fakes/helper-server.ts'
import { lan, lanRecord, onLan, openNetworks, vmRecord } from './harness.ts'

const prefix = Prefix64.parse('fd00:ae:0:1::/64')

/** Grants all but one operation, the first `times` times that it is asked for. */
function refusing(operation: string, refusal: HelperRefusal, times = Infinity): HelperAnswer {
  let left = times
  return (request) => (request.operation === operation && left-- > 0 ? refusal : grantAll(request))
}

t.test('a network is its bridge, then its prefix, then its record', async (t) => {
  const { networks, requests, events, folder } = await openNetworks(t, { answer: grantAll })
  const made = await networks.create({ name: lan, prefix })
  t.match(made, { name: 'lan', prefix, bridge: 'aeb-lan', vms: [] })
  t.notOk('problem' in made)
  t.same(requests, [
    { operation: 'bridge.ensure', params: { network: 'lan' } },
    { operation: 'ra.set', params: { network: 'lan', prefix } },
  ])
  t.match(JSON.parse(readFileSync(join(folder, 'config', 'network', 'lan.json'), 'utf8')), { version: 1, name: 'lan', prefix })
  t.match(events, [{ kind: 'network.created', network: 'lan' }])
})

t.test('made again it is the same, with another prefix it is refused', async (t) => {
  const { networks, events } = await openNetworks(t, { answer: grantAll })
  const [made, again] = await Promise.all([
    networks.create({ name: lan, prefix }),
    networks.create({ name: lan, prefix: Prefix64.parse('FD00:AE:0:1:0:0::/64') }),
  ])
  t.same(again, made)
  t.equal(events.length, 1)
  for (const other of [undefined, Prefix64.parse('fd00:ae:0:2::/64')]) {
    await t.rejects(networks.create({ name: lan, prefix: other }), { name: 'UserError', data: { name: 'NETWORK_NAME_TAKEN', field: 'name' } })
  }
})

t.test('nothing is left of a network whose prefix is refused', async (t) => {
  const { networks, asked, folder } = await openNetworks(t, { answer: refusing('ra.set', new HelperRefusal('NET_DENIED', 'no', 'the line')) })
  await t.rejects(networks.create({ name: lan, prefix }), { message: 'no', data: { name: 'NET_DENIED', hint: 'the line' } })
  t.same(asked(), ['bridge.ensure', 'ra.set', 'bridge.delete'])
  t.same(networks.list(), [])
  t.same(readdirSync(join(folder, 'config', 'network')), [])
})

t.test('nothing is left of a network whose record cannot be written', async (t) => {
  const { networks, asked, folder } = await openNetworks(t, { answer: grantAll })
  rmSync(join(folder, 'config', 'network'), { recursive: true })
  await t.rejects(networks.create({ name: lan }), { code: 'ENOENT' })
  t.same(asked(), ['bridge.ensure', 'ra.clear', 'bridge.delete'])
  t.same(networks.list(), [])
})

t.test('without a helper none can be made, and those that there are can be seen', async (t) => {
  const { networks } = await openNetworks(t, { files: { 'network/lan.json': lanRecord } })
  await t.rejects(networks.create({ name: 'wan' as typeof lan }), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } })
  t.match(networks.list(), [{ name: 'lan', vms: [], problem: /has not told/ }])
})

t.test('a bridge that is gone from the host is told', async (t) => {
  const { networks, folder } = await openNetworks(t, { answer: grantAll })
  await networks.create({ name: lan })
  t.equal(networks.get(lan).problem, undefined)
  rmSync(join(folder, 'sys', 'aeb-lan'), { recursive: true })
  t.match(networks.get(lan), { problem: 'Its bridge aeb-lan is gone; the next start of a VM on it makes it anew' })
})

t.test('a network is deleted once no VM is on it', async (t) => {
  const { networks, vms, asked, events, folder } = await openNetworks(t, { answer: grantAll })
  await networks.create({ name: lan })
  const entry = await vms.add(vmRecord('adbvzwdf', [onLan]))
  t.same(networks.get(lan).vms, ['adbvzwdf'])
  asked()
  await t.rejects(networks.remove(lan), { message: /1 VM on it: adbvzwdf/, data: { name: 'NETWORK_IN_USE', field: 'network' } })
  t.same(asked(), [])
  await vms.remove(entry)
  await networks.remove(lan)
  t.same(asked(), ['bridge.delete'])
  t.notOk(existsSync(join(folder, 'config', 'network', 'lan.json')))
  t.match(events, [{}, { kind: 'network.deleted', network: 'lan' }])
  await t.rejects(networks.remove(lan), { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND', field: 'network' } })
})

t.test('a VM whose record does not tell may be on any network', async (t) => {
  const files = { 'network/lan.json': lanRecord, 'vm/adbvzwdf/vm.json': '{' }
  const { networks } = await openNetworks(t, { answer: grantAll, files })
  await t.rejects(networks.remove(lan), { name: 'UserError', data: { name: 'NETWORK_IN_USE' } })
  const other = { 'network/lan.json': lanRecord, 'vm/adbvzwdf/vm.json': { version: 2, networks: [{ kind: 'network', name: 'wan' }] } }
  const { networks: told } = await openNetworks(t, { answer: grantAll, files: other })
  await told.remove(lan)
})

t.test('nobody begins to use a network while it is deleted', async (t) => {
  let release = (): void => undefined
  const asked = new Promise<void>((resolve) => (release = resolve))
  const { networks, attachments } = await openNetworks(t, {
    answer: async (request) => {
      if (request.operation === 'bridge.delete') await asked
      return grantAll(request)
    },
  })
  await networks.create({ name: lan })
  attachments.check([onLan])
  const removed = networks.remove(lan)
  await new Promise(setImmediate)
  t.throws(() => { attachments.check([{ kind: 'user' }, onLan]) }, { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND', field: 'networks.1.name' } })
  release()
  await removed
  t.throws(() => { attachments.check([onLan]) }, { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND', field: 'networks.0.name' } })
})

t.test('a network that the helper does not take down is there still', async (t) => {
  const { networks, attachments } = await openNetworks(t, { answer: refusing('bridge.delete', new HelperRefusal('NET_FAILED', 'ip failed')) })
  await networks.create({ name: lan })
  await t.rejects(networks.remove(lan), { name: 'UserError', data: { name: 'NET_FAILED' } })
  t.equal(networks.list().length, 1)
  attachments.check([onLan])
})

t.test('taps that were left on its bridge go first', async (t) => {
  const inUse = refusing('bridge.delete', new HelperRefusal('NET_IN_USE', 'has taps'), 1)
  const left = { links: [{ name: 'aet', kind: 'tap', key: 'gonegone.0', up: true, bridge: 'aeb-lan' }] }
  const { networks, asked, requests } = await openNetworks(t, {
    answer: (request, client) => (request.operation === 'link.list' ? left : inUse(request, client)),
  })
  await networks.create({ name: lan })
  asked()
  await networks.remove(lan)
  t.same(asked(), ['bridge.delete', 'link.list', 'tap.delete', 'bridge.delete'])
  t.same(requests.at(-2)?.params, { vm: 'gonegone', nic: 0 })
})

t.test('where the helper is gone for good, a network goes if its bridge is gone too', async (t) => {
  const files = { 'network/lan.json': lanRecord }
  const there = await openNetworks(t, { files, aliases: { aebx: 'aetherscale:1000:bridge:lan' } })
  await t.rejects(there.networks.remove(lan), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } })
  const gone = await openNetworks(t, { files, aliases: { aebx: 'aetherscale:1001:bridge:lan' } })
  await gone.networks.remove(lan)
  t.same(gone.networks.list(), [])
})

t.test('a record that cannot be read is not written over', async (t) => {
  const { networks, folder, asked } = await openNetworks(t, { answer: grantAll, files: { 'network/lan.json': { version: 2 } } })
  const broken = { name: 'UserError', data: { name: 'NETWORK_RECORD_BROKEN', hint: /lan\.json/ } }
  await t.rejects(networks.create({ name: lan }), broken)
  await t.rejects(networks.remove(lan), broken)
  t.throws(() => networks.get(lan), broken)
  t.same(asked(), [])
  t.equal(readFileSync(join(folder, 'config', 'network', 'lan.json'), 'utf8'), '{"version":2}')
})
