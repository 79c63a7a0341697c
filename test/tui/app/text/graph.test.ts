import t from 'tap'
import { drawGraph, niceTop, sampleColumns } from '../../../../tui/app/text/graph.ts'

t.test('columns hold the mean of their time, the newest on the right', (t) => {
  const points = [
    { at: 1000, value: 10 },
    { at: 3000, value: 30 },
    { at: 5000, value: 7 },
  ]
  t.same(sampleColumns(points, { columns: 3, step: 4000, now: 7999 }), [undefined, 20, 7])
  t.end()
})

t.test('what stands in a column stays the same while the graph moves on', (t) => {
  const points = Array.from({ length: 30 }, (_unused, index) => ({ at: index * 2000, value: index }))
  const at = (now: number) => sampleColumns(points, { columns: 5, step: 10_000, now })
  t.same(at(59_999).slice(1), at(69_999).slice(0, 4))
  t.same(at(52_000), at(59_999))
  t.end()
})

t.test('a look that was late leaves no gap, and a time in which nobody looked is one', (t) => {
  const points = [
    { at: 0, value: 1 },
    { at: 9000, value: 5 },
    { at: 60_000, value: 9 },
  ]
  t.same(sampleColumns(points, { columns: 16, step: 4000, now: 63_000 }), [1, 1, 5, 5, 5, ...Array<undefined>(10).fill(undefined), 9])
  t.end()
})

t.test('rows from the top down, in as many steps as there are levels', (t) => {
  t.same(drawGraph([undefined, 0, 25, 50, 75, 100, 200], { height: 2, top: 100, levels: ['.', '#'] }), ['    .##', ' ..####'])
  t.end()
})

t.test('scales', (t) => {
  t.same([0, 10, 11, 99, 100, 101, 300, 900].map(niceTop), [10, 10, 25, 100, 100, 200, 400, 1600])
  t.end()
})
