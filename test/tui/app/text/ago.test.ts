import t from 'tap'
import { formatSpan } from '../../../../tui/app/text/ago.ts'

t.test('how long something lasts, in six cells', (t) => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
  for (const [ms, said] of [[-5, '0s'], [59 * second, '59s'], [minute, '1m'], [59 * minute, '59m'], [hour, '1h0m'], [23 * hour + 59 * minute, '23h59m'], [day, '1d0h'], [99 * day + 23 * hour, '99d23h'], [270 * day, '270d']] as const) {
    t.equal(formatSpan(ms), said)
    t.ok(said.length <= 6)
  }
  t.end()
})
