import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkNetwork, type NetworkNeeds } from '../../../daemon/doctor/network.ts'
import { createNetworkHelper } from '../../../daemon/network/helper.ts'
import { openHostLinks } from '../../../daemon/network/links.ts'
import type { Check } from '../../../policy/api/system.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { HelperRefusal, startFakeHelper, type HelperAnswer } from '../../fakes/helper-server.ts'

const uid = process.getuid?.() ?? 0
const grant = { uid, bridges: ['br0'], services: [], prefix: 'fd00:ae::/32', quota: { taps: 32, bridges: 8 }, used: { taps: 3, bridges: 1 } }
/** As a helper that grants this, and has made these taps, would answer. */
const grants = (more: object = {}, taps: readonly { key: string; filtered: boolean }[] = []): HelperAnswer => ({ operation }) =>
  operation === 'policy.get' ? { ...grant, ...more } : { links: taps.map((tap) => ({ name: `aet${tap.key}`, kind: 'tap', up: true, ...tap })) }
const noNeeds: NetworkNeeds = { networks: 0, broken: new Map(), vms: [] }
const withVm = (...bridges: string[]): NetworkNeeds => ({ ...noNeeds, vms: [{ id: 'adbvzwdf', bridges, hasTaps: true }] })

async function examine(t: Test, needs: NetworkNeeds, answer?: HelperAnswer): Promise<(subject: string) => Check | undefined> {
  const path = join(makeFolder(t), 's')
  if (answer) await startFakeHelper(t, path, answer)
  const links = openHostLinks(t.testdir({ br0: { bridge: {} }, br2: { bridge: {} } }), uid)
  const checks = await checkNetwork(createNetworkHelper(path), links, needs)
  return (subject) => checks.find((check) => check.subject === subject)
}

t.test('a helper that answers is told with what it grants', async (t) => {
  const check = await examine(t, withVm('br0'), grants())
  t.match(check('network helper'), {
    status: 'ok',
    detail: new RegExp(`answers; uid ${uid} has 3 of 32 taps and 1 of 8 private networks, may use bridges br0 and prefixes in fd00:ae::/32$`),
  })
  t.match(check('bridge br0'), { status: 'ok' })
})

t.test('without a helper a host is worse off only if something needs one', async (t) => {
  const remedy = `sudo systemctl enable --now aetherscale-net@${uid}.socket`
  t.match((await examine(t, noNeeds))('network helper'), { status: 'degraded', detail: /there is no socket/, remedy })
  t.match((await examine(t, withVm('br0')))('network helper'), { status: 'missing', remedy })
  t.match((await examine(t, { ...noNeeds, networks: 1 }))('network helper'), { status: 'missing', remedy })
})

t.test('a helper that does not know us says which line is missing', async (t) => {
  const check = await examine(t, noNeeds, () => new HelperRefusal('NET_DENIED', 'uid 7 is not in the allowlist', 'add "7": {}'))
  t.match(check('network helper'), { status: 'degraded', detail: /not in the allowlist/, remedy: 'add "7": {}' })
})

t.test('bridges that VMs or the allowlist name are looked for', async (t) => {
  const check = await examine(t, withVm('br1', 'br2'), grants({ bridges: ['br0', 'br3'] }))
  t.match(check('bridge br0'), { status: 'ok', detail: 'the allowlist grants it' })
  t.match(check('bridge br1'), { status: 'missing', detail: /not on this host; VM adbvzwdf/, remedy: 'sudo ip link add br1 type bridge' })
  t.match(check('bridge br2'), { status: 'missing', detail: /does not grant it/, remedy: /add "br2" to "bridges"/ })
  t.match(check('bridge br3'), { status: 'degraded', detail: /not on this host/ })
})

t.test('a record of a network that cannot be read is told', async (t) => {
  const check = await examine(t, { ...noNeeds, broken: new Map([['lan', 'version: Invalid input']]) })
  t.match(check('network lan'), { status: 'degraded', detail: /cannot be read: version/ })
})

t.test('taps whose filter somebody has removed are told', async (t) => {
  const taps = [{ key: 'adbvzwdf.0', filtered: true }, { key: 'adbvzwdf.1', filtered: false }]
  t.match((await examine(t, withVm(), grants({}, taps)))('filters of taps'), { status: 'degraded', detail: /adbvzwdf\.1:/ })
  t.equal((await examine(t, withVm(), grants({}, taps.slice(0, 1))))('filters of taps'), undefined)
})
