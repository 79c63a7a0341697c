import t from 'tap'
import { alignColumns, describeTerms, wrapText } from '../../../../tui/cli/render/layout.ts'

t.test('columns are as wide as their widest cell, and lines have no blanks at their end', async (t) => {
  t.strictSame(alignColumns([['a', 'bb', 'c'], ['aaa', 'b', '']]), ['a    bb  c', 'aaa  b'])
  t.strictSame(alignColumns([['\u001b[32mok\u001b[39m', 'x'], ['日本語', 'y']]), ['\u001b[32mok\u001b[39m   x', '日本語  y'], 'colours have no width')
  t.strictSame(alignColumns([]), [])
})

t.test('prose is wrapped at blanks', async (t) => {
  t.strictSame(wrapText('one two three', 7), ['one two', 'three'])
  t.strictSame(wrapText('one two three', 8), ['one two', 'three'])
  t.strictSame(wrapText('incomprehensibilities are', 5), ['incomprehensibilities', 'are'])
  t.strictSame(wrapText('', 5), [''])
})

t.test('an explanation stands beside its term, or below a long one', async (t) => {
  t.strictSame(describeTerms([['-a', 'first'], ['--an-option-with-a-very-long-name', 'second']], 40), [
    '  -a  first',
    '  --an-option-with-a-very-long-name',
    '      second',
  ])
})
