import t from 'tap'
import { startLog } from '../../../../../tui/app/model/log-text.ts'
import { lastTop, moveRows, rowsFrom, settle, type LogLook } from '../../../../../tui/app/screens/log/window.ts'

const look: LogLook = { width: 10, height: 4, wrap: true }
/** Lines of 1, 3, 1, 2, 1, 3 and 1 rows. */
const texts = ['a', `b${'-'.repeat(24)}`, 'c', `d${'-'.repeat(14)}`, '', `f${'-'.repeat(29)}`, 'g']
const text = texts.map((line) => `${line}\n`).join('')
const log = startLog({ vm: 'aaaaaaaa', source: 'console' }, { text, offset: 0, nextOffset: text.length }, 0)
const positions = texts.flatMap((line, index) => Array.from({ length: Math.max(1, Math.ceil(line.length / 10)) }, (_unused, row) => ({ line: index, row })))

t.test('the rows of a window', (t) => {
  t.same(
    rowsFrom(log, { line: 1, row: 1 }, look).map((row) => [row.line, row.row, row.text, row.from]),
    [
      [1, 1, '----------', 10],
      [1, 2, '-----', 20],
      [2, 0, 'c', 0],
      [3, 0, 'd---------', 0],
    ],
  )
  t.end()
})

t.test('moving by any number of rows comes to the row that is so far away, and stays where the window is full', (t) => {
  const last = positions.length - look.height
  t.same(lastTop(log, look), positions[last])
  for (const [from, position] of positions.entries()) {
    for (let by = -15; by <= 15; by++) {
      const begin = Math.min(from, last)
      t.same(moveRows(log, position, by, look), positions[Math.max(0, Math.min(last, begin + by))], `${by} from ${from}`)
    }
  }
  t.end()
})

t.test('where it is not wrapped each line has one row', (t) => {
  const cut = { ...look, wrap: false }
  t.same(moveRows(log, { line: 0, row: 0 }, 2, cut), { line: 2, row: 0 })
  t.same(settle(log, { line: 1, row: 2 }, cut), { line: 1, row: 0 }, 'also after it was wrapped')
  t.same(settle(log, { line: -Infinity, row: 0 }, cut), { line: 0, row: 0 })
  t.end()
})

t.test('a text that is shorter than the window begins at its top', (t) => {
  t.same(lastTop(log, { ...look, height: 50 }), { line: 0, row: 0 })
  t.end()
})
