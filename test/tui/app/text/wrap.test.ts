import t from 'tap'
import { widthOf } from '../../../../tui/app/text/fit.ts'
import { wrap } from '../../../../tui/app/text/wrap.ts'

t.test('lines are cut at blanks', async (t) => {
  const cases: readonly (readonly [text: string, width: number, lines: readonly string[]])[] = [
    ['', 5, ['']],
    ['short', 5, ['short']],
    ['one two three', 7, ['one two', 'three']],
    ['one two three', 6, ['one', 'two', 'three']],
    ['  indented text', 10, ['  indented', 'text']],
    ['a  b', 3, ['a', 'b']],
    ['longerword x', 4, ['long', 'erwo', 'rd x']],
    ['x longerword', 4, ['x', 'long', 'erwo', 'rd']],
    ['日本語', 4, ['日本', '語']],
    ['\u001b[31mred', 20, ['\\x1b[31mred']],
  ]
  for (const [text, width, lines] of cases) t.same(wrap(text, width), lines, JSON.stringify(text))
})

t.test('nothing is lost but blanks, and no line is too wide', async (t) => {
  const text = 'a word, averyveryverylongword 日本語日本語日本語 and  two blanks'
  for (let width = 2; width < 60; width++) {
    const lines = wrap(text, width)
    t.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
    t.ok(lines.every((line) => widthOf(line) <= width), `${width} columns`)
  }
})
