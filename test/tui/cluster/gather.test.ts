import t from 'tap'
import { Gathering } from '../../../tui/cluster/gather.ts'

const listing = (host: string, ...others: (readonly [string, object])[]) => ({
  host,
  result: { hosts: [{ host, connected: true, trust: 'self' }, ...others.map(([name, facts]) => ({ host: name, connected: false, trust: 'unknown', ...facts }))] },
})

t.test('it is complete when every host that is known has answered both', async (t) => {
  const gathering = new Gathering([])
  t.notOk(gathering.isComplete, 'nobody has answered')
  gathering.takeResponse({ host: 'b', result: 2 })
  t.notOk(gathering.isComplete, 'whom else it knows has b not said')
  gathering.takeList(listing('b', ['a', { connected: true }]))
  t.notOk(gathering.isComplete, 'a is connected')
  gathering.takeList(listing('a'))
  gathering.takeResponse({ host: 'a', error: { code: 1001, message: 'no' } })
  t.ok(gathering.isComplete)
  t.same(gathering.gathered, { responses: [{ host: 'a', error: { code: 1001, message: 'no' } }, { host: 'b', result: 2 }], missing: [] })
})

t.test('hosts that ought to answer and do not are named', async (t) => {
  const cases: readonly (readonly [what: string, facts: object, missing: readonly string[]])[] = [
    ['connected', { connected: true }, ['other']],
    ['pinned, and away', { trust: 'pinned' }, ['other']],
    ['pinned, and there is somebody with another key', { trust: 'conflict' }, ['other']],
    ['neither', {}, []],
  ]
  for (const [what, facts, missing] of cases) {
    const gathering = new Gathering([])
    gathering.takeList(listing('a', ['other', facts]))
    gathering.takeResponse({ host: 'a', result: 1 })
    t.same(gathering.gathered.missing, missing, what)
    t.equal(gathering.isComplete, missing.length === 0, what)
  }
  t.same(new Gathering(['expected']).gathered.missing, ['expected'])
})

t.test('the first answer of a host counts, and a list that is none tells nothing', async (t) => {
  const gathering = new Gathering([])
  gathering.takeResponse({ host: 'a', result: 1 })
  gathering.takeResponse({ host: 'a', result: 2 })
  gathering.takeList({ host: 'a', result: { hosts: 'many' } })
  t.same(gathering.gathered, { responses: [{ host: 'a', result: 1 }], missing: [] })
  t.ok(gathering.isComplete)
})
