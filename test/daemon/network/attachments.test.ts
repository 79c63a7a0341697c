import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readAllowlist } from '../../../helper/allowlist.ts'
import type { Refusal } from '../../../helper/refusal.ts'
import { grantAll, HelperRefusal } from '../../fakes/helper-server.ts'
import { lanRecord, onLan, openNetworks, vmRecord } from './harness.ts'

const files = { 'network/lan.json': { ...lanRecord, prefix: 'fd00:ae:0:1::/64' } }
const mac = '52:54:00:12:34:56'
const vm = vmRecord('adbvzwdf', [{ kind: 'user', forwards: [] }, onLan, { kind: 'bridge', bridge: 'br0' }])

t.test('each interface of the host gets its tap, on a network that is brought up first', async (t) => {
  const { attachments, requests } = await openNetworks(t, { answer: grantAll, files })
  t.same([...(await attachments.attach(vm))], [[1, 'aet-adbvzwdf-1'], [2, 'aet-adbvzwdf-2']])
  t.same(requests, [
    { operation: 'bridge.ensure', params: { network: 'lan' } },
    { operation: 'ra.set', params: { network: 'lan', prefix: 'fd00:ae:0:1::/64' } },
    { operation: 'tap.ensure', params: { vm: 'adbvzwdf', nic: 1, attach: { network: 'lan' }, mac } },
    { operation: 'tap.ensure', params: { vm: 'adbvzwdf', nic: 2, attach: { bridge: 'br0' }, mac } },
  ])
  t.same([...attachments.requests(vm).values()].flat(), requests, 'what is planned is what is asked')
})

t.test('a VM with networks of its own alone needs no helper', async (t) => {
  const { attachments } = await openNetworks(t, {})
  const alone = vmRecord('adbvzwdf', [{ kind: 'user', forwards: [] }])
  t.equal((await attachments.attach(alone)).size, 0)
  await attachments.detach(alone)
})

t.test('a network that there is not is named by its place', async (t) => {
  const { attachments } = await openNetworks(t, { answer: grantAll })
  await t.rejects(attachments.attach(vm), { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND', field: 'networks.1.name', hint: /network create lan/ } })
  t.throws(() => attachments.requests(vm), { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND' } })
})

/** In the helper's own words. */
function refusalOfBrokenAllowlist(t: Test): HelperRefusal {
  try {
    readAllowlist(join(t.testdir({ 'policy.json': '{' }), 'policy.json'))
    throw new Error('an allowlist that is no JSON was read')
  } catch (error) {
    const { code, message, hint } = error as Refusal
    return new HelperRefusal(code, message, hint)
  }
}

t.test('taps are removed by interface', async (t) => {
  const { attachments, requests } = await openNetworks(t, { answer: grantAll })
  await attachments.detach(vm)
  t.same(requests, [
    { operation: 'tap.delete', params: { vm: 'adbvzwdf', nic: 1 } },
    { operation: 'tap.delete', params: { vm: 'adbvzwdf', nic: 2 } },
  ])
})

t.test('a tap that cannot be removed keeps its VM, unless it is not there or not ours to remove', async (t) => {
  const aliases = { aetx: 'aetherscale:1000:tap:adbvzwdf.2' }
  const failing = await openNetworks(t, { answer: () => new HelperRefusal('NET_FAILED', 'ip failed') })
  await t.rejects(failing.attachments.detach(vm), { name: 'UserError', data: { name: 'NET_FAILED' } })
  const away = await openNetworks(t, { aliases })
  await t.rejects(away.attachments.detach(vm), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } }, 'the tap is there, the helper is not')
  const gone = await openNetworks(t, { aliases: { eth0: '' } })
  await gone.attachments.detach(vm)
  const denied = await openNetworks(t, { aliases, answer: () => new HelperRefusal('NET_DENIED', 'not in the allowlist') })
  await denied.attachments.detach(vm)
  t.match(denied.lines, [{}, {}], 'it is logged that something may be left')
  const broken = await openNetworks(t, { aliases, answer: () => refusalOfBrokenAllowlist(t) })
  await t.rejects(broken.attachments.detach(vm), { name: 'UserError', data: { name: 'NET_DENIED' } }, 'the admin will mend it, and then it can be removed')
  const nothing = await openNetworks(t, { aliases: { eth0: '' }, answer: () => refusalOfBrokenAllowlist(t) })
  await nothing.attachments.detach(vm)
})
