import t from 'tap'
import { addGrant, takeGrant } from '../../../../daemon/install/setup/grants.ts'
import { parseAllowlist } from '../../../../helper/allowlist.ts'

const who = { name: 'aetherscale', uid: '990' }
const nothing = { bridges: [], prefix: undefined }
const parse = (text: string | undefined) => JSON.parse(text ?? 'null') as unknown

t.test('where there is no file there is one with the entry, which the helper takes', async (t) => {
  const { text, principal, previous } = addGrant(undefined, who, { bridges: ['br0'], prefix: 'fd5e:a1ce::/48' })
  t.same([principal, previous], ['aetherscale', null])
  const { principals } = parseAllowlist(text!, 'aetherscale:x:990:990::/:/bin/sh\n')
  t.match(principals.get(990)?.grant, { bridges: ['br0'], prefix: 'fd5e:a1ce::/48' })
})

t.test('what is there stays: entries of others, quotas, and bridges given before', async (t) => {
  const before = { version: 1, principals: { bob: { prefix: 'fd00::/64' }, aetherscale: { bridges: ['br1'], quota: { taps: 9, bridges: 1 } } } }
  const { text, previous } = addGrant(JSON.stringify(before), who, { bridges: ['br0'], prefix: undefined })
  t.same(previous, before.principals.aetherscale)
  t.same(parse(text), { version: 1, principals: { bob: { prefix: 'fd00::/64' }, aetherscale: { bridges: ['br1', 'br0'], quota: { taps: 9, bridges: 1 } } } })
  t.same(parse(takeGrant(text, 'aetherscale', previous)), before)
})

t.test('an entry by number is the one that is extended: two for one user would deny everything', async (t) => {
  t.equal(addGrant('{"version":1,"principals":{"990":{}}}', who, { bridges: ['br0'], prefix: undefined }).principal, '990')
})

t.test('what is granted already is not written again', async (t) => {
  const { text } = addGrant(undefined, who, { bridges: ['br0'], prefix: 'fd00::/48' })
  t.equal(addGrant(text, who, { bridges: ['br0'], prefix: 'fd00::/48' }).text, undefined)
  t.equal(addGrant(text, who, nothing).text, undefined)
})

t.test('what the helper would not take is not written', async (t) => {
  t.throws(() => addGrant(undefined, who, { bridges: ['br0 up'], prefix: undefined }), /does not fit/)
  t.throws(() => addGrant('{"version":2,"principals":{}}', who, nothing), /does not fit/)
})
