import t from 'tap'
import { createRecent } from '../../../daemon/rpc/recent.ts'

const states = new Set(['vm.state'] as const)

t.test('the last are kept, the oldest first', async (t) => {
  const recent = createRecent({ count: 3, size: 1000 })
  for (const line of ['a', 'b', 'c', 'd', 'e']) recent.add('vm.state', line)
  t.same(recent.last(states, 1000), ['c', 'd', 'e'])
  t.same(recent.last(states, 2), ['d', 'e'])
  t.same(recent.last(states, 0), [])
})

t.test('long ones are fewer', async (t) => {
  const recent = createRecent({ count: 1000, size: 100 })
  for (const letter of ['a', 'b', 'c']) recent.add('vm.state', letter.repeat(40))
  t.same(recent.last(states, 1000), ['b'.repeat(40), 'c'.repeat(40)])
  recent.add('vm.state', 'd'.repeat(200))
  t.same(recent.last(states, 1000), [], 'one that is longer than all may be is not kept')
  recent.add('vm.state', 'e')
  t.same(recent.last(states, 1000), ['e'])
})

t.test('a daemon remembers a thousand', async (t) => {
  const recent = createRecent()
  for (let i = 0; i < 1005; i += 1) recent.add(i % 2 === 0 ? 'vm.state' : 'vm.agent', String(i))
  const lines = recent.last(new Set(['vm.state', 'vm.agent'] as const), 1000)
  t.same([lines.length, lines[0], lines.at(-1)], [1000, '5', '1004'])
})
