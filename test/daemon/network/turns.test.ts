import t from 'tap'
import { createTurns } from '../../../daemon/network/turns.ts'

t.test('no more than the limit run at a time, in order, and one that fails makes room', async (t) => {
  const inTurn = createTurns(2)
  const begun: number[] = []
  let running = 0
  let most = 0
  const task = (number: number) => async (): Promise<number> => {
    begun.push(number)
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running -= 1
    if (number % 3 === 0) throw new Error(`task ${number}`)
    return number
  }
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((number) => inTurn(task(number))))
  t.same(begun, [0, 1, 2, 3, 4, 5])
  t.equal(most, 2)
  t.same(results.map(({ status }) => status), ['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  t.equal(await inTurn(task(7)), 7)
})
