import t from 'tap'
import { findNearest } from '../../../tui/cli/nearest.ts'

t.test('the nearest candidate is found across a slip, a gap, a swap and an abbreviation', async (t) => {
  const candidates = ['memory', 'name', 'network', 'no-start', 'start']
  for (const typed of ['memry', 'memoryy', 'memroy', 'mem', 'Memory']) t.equal(findNearest(typed, candidates), 'memory', typed)
  t.equal(findNearest('no-strat', candidates), 'no-start')
})

t.test('nothing is suggested where nothing is near', async (t) => {
  t.equal(findNearest('frobnicate', ['memory', 'name']), undefined)
  t.equal(findNearest('x', ['memory']), undefined)
  t.equal(findNearest('', ['memory']), undefined)
})
