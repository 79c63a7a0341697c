import t from 'tap'
import { UserError } from '../../../../policy/errors.ts'
import { HELPER_USERS, OWNER, PACKAGE_FILES } from '../../../../daemon/install/setup/places.ts'
import { planSetup } from '../../../../daemon/install/setup/plan.ts'
import { keyOf, UID } from '../../../../daemon/install/setup/step.ts'
import { afterwards, alice, freshHost, plain } from './facts.ts'

const open = (...args: Parameters<typeof planSetup>) => planSetup(...args).steps.filter(({ isDone }) => !isDone)
const refusal = (work: () => unknown): UserError => {
  try {
    work()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

t.test('a fresh host has everything to do, and nothing after it is done', async (t) => {
  const options = { ...plain, members: ['alice'], prefix: 'fd5e:a1ce::/48' }
  const facts = freshHost()
  const steps = open(options, facts)
  t.equal(steps.length, planSetup(options, facts).steps.length)
  t.same(open(options, afterwards(facts, steps, '990')).map(({ says }) => says), [])
})

t.test('after any part of it, what is left is the rest', async (t) => {
  const facts = freshHost()
  const all = open(plain, facts)
  for (const [index] of all.entries()) {
    const half = afterwards(facts, all.slice(0, index), '990')
    t.same(open(plain, half).map(({ says }) => says), all.slice(index).map(({ says }) => says), `after ${index} steps`)
  }
})

t.test('every step that does something notes what there will be to take back', async (t) => {
  const move = { bridge: 'br0', uplink: 'eth0', prepare: [], settings: {}, lines: [], revert: [], notes: [], isOnlyWay: true, snippets: { addresses: [], gateways: [] } }
  const options = { ...plain, members: ['alice'], bridges: ['br0'], createBridge: { bridge: 'br0', uplink: 'eth0' } }
  const steps = open(options, freshHost({ move }))
  for (const { says, made } of steps) t.ok(made.length > 0, says)
  const keys = steps.flatMap(({ made }) => made.map(keyOf))
  t.equal(new Set(keys).size, keys.length, 'each once')
})

t.test('what was there before is not noted, and so is never taken back', async (t) => {
  const linger = '/var/lib/systemd/linger'
  const wants = '/etc/systemd/system/sockets.target.wants'
  const facts = freshHost({
    groups: new Map([['aetherscale-observers', ['bob']]]),
    present: new Set([...freshHost().present, linger, wants, '/etc/aetherscale', '/etc/aetherscale/policy.json']),
    texts: new Map([['/etc/aetherscale/policy.json', '{"version":1,"principals":{"bob":{}}}']]),
  })
  const keys = open(plain, facts).flatMap(({ made }) => made.map(keyOf))
  for (const key of ['group aetherscale-observers', `folder ${linger}`, `folder ${wants}`, 'folder /etc/aetherscale', 'file /etc/aetherscale/policy.json']) {
    t.notOk(keys.includes(key), key)
  }
  t.ok(keys.includes('folder /etc/systemd/system/paths.target.wants'))
})

t.test('the owner has no number before it is made, and its steps come after', async (t) => {
  const steps = open(plain, freshHost())
  const made = steps.findIndex((step) => step.made.some((each) => each.kind === 'user' && each.name === OWNER))
  const needs = steps.findIndex((step) => JSON.stringify(step).includes(UID))
  t.ok(made >= 0 && needs > made, `${made} ${needs}`)
})

t.test('for a user alone there is no other user, no group and no folder of the host', async (t) => {
  const facts = freshHost({ owner: alice })
  const steps = open({ ...plain, isForUser: true }, facts)
  const made = steps.flatMap((step) => step.made)
  t.same(made.filter(({ kind }) => kind === 'group' || kind === 'member' || kind === 'home' || kind === 'manager'), [])
  t.same(made.flatMap((each) => (each.kind === 'user' ? [each.name] : [])), [...HELPER_USERS])
  t.match(steps.find(({ says }) => says.includes('configuration'))?.actions[0], { as: 'alice', input: '{\n  "serviceManager": "systemd"\n}\n' })
  t.match(steps.at(-1)?.actions.at(-1), { awaitAnswer: '/run/user/1001/aetherscale/control.sock' })
})

t.test('an account that /etc/passwd does not have is granted by its number', async (t) => {
  const steps = open({ ...plain, isForUser: true }, freshHost({ owner: alice, localNames: new Set(['root']) }))
  t.ok(steps.some((step) => step.made.some((each) => each.kind === 'grant' && each.principal === '1001')))
})

t.test("what is not setup's to decide is refused, and says what to do", async (t) => {
  const config = '/var/lib/aetherscale/.config/aetherscale/daemon.json'
  const cases: readonly [sentence: string, name: string, words: RegExp, work: () => unknown][] = [
    ['a package that is not whole', 'SETUP_NOT_INSTALLED', /aetherscaled\.js/, () =>
      planSetup(plain, freshHost({ present: new Set(PACKAGE_FILES.filter((path) => !path.endsWith('aetherscaled.js'))) }))],
    ['a user of that name who is a person', 'SETUP_CONFLICT', /\/home\/aetherscale/, () =>
      planSetup(plain, freshHost({ accounts: new Map([[OWNER, { name: OWNER, uid: '1000', gid: '1000', home: '/home/aetherscale' }]]) }))],
    ['a member who is nobody', 'SETUP_USER_NOT_FOUND', /nobody9/, () => planSetup({ ...plain, members: ['nobody9'] }, freshHost())],
    ['a bridge that is not there', 'NET_NOT_FOUND', /br9/, () => planSetup({ ...plain, bridges: ['br9'] }, freshHost())],
    ['an allowlist that is none', 'SETUP_CONFLICT', /policy\.json/, () => planSetup(plain, freshHost({ texts: new Map([['/etc/aetherscale/policy.json', '{']]) }))],
    ['a configuration that says something else', 'SETUP_CONFLICT', /"sockets"/, () => planSetup(plain, freshHost({ texts: new Map([[config, '{"sockets":"/srv"}']]) }))],
    ['a configuration that is none', 'SETUP_CONFLICT', /not JSON/, () => planSetup(plain, freshHost({ texts: new Map([[config, 'x']]) }))],
  ]
  for (const [sentence, name, words, work] of cases) {
    const { data, message } = refusal(work)
    t.equal(data.name, name, sentence)
    t.match(message, words, sentence)
    t.type(data.hint, 'string', sentence)
  }
})

t.test('fields of the configuration that setup is not about stay', async (t) => {
  const config = '/var/lib/aetherscale/.config/aetherscale/daemon.json'
  const steps = open(plain, freshHost({ texts: new Map([[config, '{"logLevel":"debug","sockets":"/run/aetherscale"}']]) }))
  const write = steps.find(({ made }) => made.some(({ kind }) => kind === 'config'))
  t.match(write?.made, [{ previous: '{"logLevel":"debug","sockets":"/run/aetherscale"}' }])
  const [action] = write?.actions ?? []
  t.same(JSON.parse(action && 'input' in action ? (action.input ?? '') : ''), {
    logLevel: 'debug', sockets: '/run/aetherscale', controlGroup: 'aetherscale', observeGroup: 'aetherscale-observers', serviceManager: 'systemd',
  })
})

t.test("an admin's bridge that guests could harm the host by is advised on, and left alone", async (t) => {
  const bridge = (hasOwnMac: boolean, hearsRouters: boolean) => planSetup({ ...plain, bridges: ['br0'] }, freshHost({ bridges: new Map([['br0', { hasOwnMac, hearsRouters }]]) })).notes
  t.same(bridge(true, false), [])
  t.match(bridge(false, false), [/ip link set br0 address/])
  t.match(bridge(true, true), [/net\.ipv6\.conf\.br0\.accept_ra=0/])
  t.equal(bridge(false, true).length, 2)
})
