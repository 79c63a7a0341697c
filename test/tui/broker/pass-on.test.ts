/** Where a request goes that a host does not take. */
import t from 'tap'
import type { PassedBy } from '../../../policy/broker/passed-by.ts'
import { choosePath, explainNobody } from '../../../tui/broker/pass-on.ts'

const said = (reason: string, more: { lasting?: boolean; before?: boolean } = {}): PassedBy[string] => ({ reason, lasting: false, before: false, ...more })
const full = { reason: 'full', lasting: false }
const never = { reason: 'no image', lasting: true }

t.test('to the next host, while one was not asked', async (t) => {
  t.same(choosePath({}, 'a', full, ['a', 'b']), { to: 'again', passedBy: { a: said('full') } })
  t.same(choosePath({ c: said('full') }, 'a', full, ['a', 'b', 'c']).to, 'again')
})

t.test('back at a host that has passed already, nobody else consumes just now: it waits', async (t) => {
  t.same(choosePath({ a: said('full') }, 'a', full, ['a', 'b']), { to: 'later', passedBy: { a: said('full', { before: true }) } })
})

t.test('when all have passed, it waits for a new round, in which all are asked again', async (t) => {
  const { to, passedBy } = choosePath({ b: said('no image', { lasting: true }) }, 'a', full, ['a', 'b'])
  t.equal(to, 'later')
  t.ok(Object.values(passedBy).every(({ before }) => before))
  t.equal(choosePath(passedBy, 'a', full, ['a', 'b']).to, 'again')
})

t.test('when all have passed for good, nobody is asked again', async (t) => {
  t.equal(choosePath({ b: said('no image', { lasting: true }) }, 'a', never, ['a', 'b']).to, 'nobody')
  t.equal(choosePath({}, 'a', never, ['a']).to, 'nobody')
  t.equal(choosePath({ gone: said('full') }, 'a', never, ['a']).to, 'nobody', 'a host that is not there any more is not waited for')
  t.equal(choosePath({ b: said('no image', { lasting: true, before: true }) }, 'a', never, ['a', 'b']).to, 'again', 'what was said in the round before may be otherwise by now')
})

t.test('the answer has what each said, and names those who were not heard', async (t) => {
  t.equal(explainNobody({ b: said('no image'), a: said('full') }, ['a', 'c']), 'no host has taken it: a: full; b: no image; c: full, leaving or not there')
  t.equal(explainNobody({}, []), 'no host has taken it')
})
