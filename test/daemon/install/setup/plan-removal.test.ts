import t from 'tap'
import type { Made } from '../../../../daemon/install/setup/step.ts'
import { keyOf } from '../../../../daemon/install/setup/step.ts'
import { planRemoval } from '../../../../daemon/install/setup/plan-removal.ts'
import { recordMade } from '../../../../daemon/install/setup/manifest.ts'
import { planSetup } from '../../../../daemon/install/setup/plan.ts'
import { afterwards, alice, freshHost, plain } from './facts.ts'

const allowlist = '{"version":1,"principals":{"bob":{},"aetherscale":{"bridges":["br0"]}}}'
const host = afterwards(freshHost(), planSetup(plain, freshHost()).steps, '990')
const taken = (options: Partial<Parameters<typeof planRemoval>[0]>, made: readonly Made[] = host.made, text = allowlist) => {
  const removal = planRemoval({ purge: false, forUser: undefined, ...options }, { made, allowlist: text, boot: 'b1' })
  return { ...removal, keys: removal.steps.flatMap((step) => step.made.map(keyOf)) }
}

t.test('purging takes back all that was made, the last first', async (t) => {
  t.same(taken({ purge: true }).keys, host.made.map(keyOf).toReversed())
  t.same(taken({ purge: true }).leaves, [])
})

t.test('without it the VMs stay, whose they are, and the note of it', async (t) => {
  const { keys, leaves } = taken({})
  const left = host.made.map(keyOf).filter((key) => !keys.includes(key))
  t.same(left, ['folder /etc/aetherscale', 'group aetherscale', 'user aetherscale', 'home /var/lib/aetherscale'])
  t.match(leaves, [/\/var\/lib\/aetherscale .*--purge/])
  const rest = host.made.filter((made) => left.includes(keyOf(made)))
  t.same(taken({ purge: true }, rest).keys, left.toReversed(), 'and can be purged later')
})

t.test('VMs and daemon are stopped before anything that they need is taken away', async (t) => {
  const [first] = taken({}).steps
  const lines = first!.actions.map((action) => ('run' in action ? action.run.join(' ') : ''))
  t.match(lines, [/stop aetherscale-http\.service aetherscale-broker\.service$/, /disable --now aetherscaled\.service$/, /stop aetherscale-vm-\*\.service$/])
  t.equal(lines.length, 3, 'what starts with the host does so again once it is set up again')
  t.ok(first!.actions.every((action) => 'run' in action && action.as === 'aetherscale'), 'by themselves')
})

t.test('the allowlist is without the entry, and is as it was where there was one', async (t) => {
  const textOf = (previous: null | object) => {
    const made: Made = { kind: 'grant', principal: 'aetherscale', previous }
    const [action] = taken({}, [made]).steps[0]!.actions
    return JSON.parse(action && 'write' in action ? action.text : '') as unknown
  }
  t.same(textOf(null), { version: 1, principals: { bob: {} } })
  t.same(textOf({ prefix: 'fd00::/64' }), { version: 1, principals: { bob: {}, aetherscale: { prefix: 'fd00::/64' } } })
})

t.test('an allowlist that setup has made stays if somebody else has an entry by then', async (t) => {
  const path = '/etc/aetherscale/policy.json'
  const made: Made[] = [{ kind: 'file', path }, { kind: 'grant', principal: 'aetherscale', previous: null }]
  t.same(taken({}, made).steps.at(-1)?.actions, [])
  t.same(taken({}, made, '{"version":1,"principals":{"aetherscale":{}}}').steps.at(-1)?.actions, [{ remove: path }])
  t.equal(taken({}, made).keys.length, 2, 'and is not setup\'s any more')
})

t.test('one user of two leaves, and what they share stays until the last', async (t) => {
  const facts = freshHost({ owner: alice })
  const own = afterwards(facts, planSetup({ ...plain, isForUser: true }, facts).steps, alice.uid).made
  const both = recordMade(host.made, own)
  const { keys } = taken({ forUser: 'alice' }, both)
  t.same(keys.toSorted(), ['daemon alice', 'config /home/alice/.config/aetherscale/daemon.json', 'helperSocket 1001', 'linger 1001', 'grant alice'].toSorted())
  const alone = taken({ forUser: 'alice' }, own)
  t.same(alone.keys, own.map(keyOf).toReversed())
})

t.test('a bridge goes back to its uplink in the boot in which it was made, and is nobody else\'s later', async (t) => {
  const made = (boot: string): Made => ({ kind: 'bridge', bridge: 'br0', uplink: 'eth0', boot })
  t.match(taken({}, [made('b1')]).steps[0]?.actions, [{ restoreUplink: 'eth0', bridge: 'br0' }])
  t.match(taken({}, [made('b0')]).steps, [{ actions: [], says: /leave/ }], 'and is forgotten')
})

t.test('what is known of a thing is what was known first', async (t) => {
  const first: Made = { kind: 'grant', principal: 'a', previous: null }
  t.same(recordMade([first], [{ kind: 'grant', principal: 'a', previous: { bridges: ['br0'] } }, { kind: 'group', name: 'g' }]), [first, { kind: 'group', name: 'g' }])
})
