import t from 'tap'
import { fitLine, putBeside, type Line } from '../../../../tui/app/text/line.ts'
import { wrapCells, wrapWords } from '../../../../tui/app/text/wrap.ts'

const textOf = (line: Line): string => line.map(({ text }) => text).join('')

t.test('a line is exactly as wide as it has to be', (t) => {
  const line: Line = [{ text: 'name', look: 'bold' }, { text: ' wide 漢字' }]
  t.equal(textOf(fitLine(line, 16, '…')), 'name wide 漢字  ')
  t.equal(textOf(fitLine(line, 13, '…')), 'name wide 漢…')
  t.equal(textOf(fitLine(line, 3, '…')), 'na…')
  t.equal(textOf(fitLine([{ text: 'a\u001b[2Jb' }], 12, '…')), 'a\\x1b[2Jb   ')
  t.end()
})

t.test('columns beside each other, whichever is longer', (t) => {
  const one = [[{ text: 'a' }]]
  const two = [[{ text: 'b' }], [{ text: 'c' }]]
  const look = { width: 3, gap: 1, ellipsis: '…' }
  t.same(putBeside(one, two, look).map(textOf), ['a   b', '    c'])
  t.same(putBeside(two, one, look).map(textOf), ['b   a', 'c   '])
  t.end()
})

t.test('wrapped by cells', (t) => {
  t.same(wrapCells('abcdef', 4), ['abcd', 'ef'])
  t.same(wrapCells('abcd', 4), ['abcd'])
  t.same(wrapCells('', 4), [''])
  t.same(wrapCells('漢字漢', 5), ['漢字', '漢'])
  t.same(wrapCells('e\u0301e\u0301e\u0301', 2), ['e\u0301e\u0301', 'e\u0301'])
  t.same(wrapCells('漢', 1), ['漢'], 'nothing is narrower than its character')
  t.end()
})

t.test('wrapped between words, a word that is too long wherever it is full', (t) => {
  t.same(wrapWords(['one', 'two', 'three'], 8, 2), ['one two', '  three'])
  t.same(wrapWords(['a', 'bcdefghijk'], 6, 2), ['a', '  bcde', '  fghi', '  jk'])
  t.end()
})
