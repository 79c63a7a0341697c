import t from 'tap'
import { cleanLine } from '../../../../tui/app/text/log-line.ts'

const cases: readonly (readonly [raw: string, shown: string, what: string])[] = [
  ['plain', 'plain', 'as it is'],
  ['ends in CR\r\r', 'ends in CR', 'carriage returns before the newline'],
  ['\u001b[0;32m[  OK  ]\u001b[0m Reached', '[  OK  ] Reached', 'colours'],
  ['10%\r20%\r100%', '100%', 'a progress display'],
  ['long before\rshort', 'shortbefore', 'what is written over in part stays in part, as on a terminal'],
  ['long before\r\u001b[Kshort', 'short', 'erased to its end'],
  ['long before\u001b[2K\rshort', 'short', 'erased as a whole'],
  ['lss\u0008 \u0008 -l', 'ls -l', 'backspaces of one who types'],
  ['\u0008\u0008x', 'x', 'none before the beginning'],
  ['a\tb', 'a       b', 'tabs'],
  ['12345678\tb', '12345678        b', 'a tab at its stop leads to the next'],
  ['ab\rc\td', 'cb      d', 'and after a carriage return'],
  ['\u001b]0;title\u0007x\u009b\u202e', 'x\\x9b\\u202e', 'what could harm is spelt out'],
  ['漢字\r漢', '漢字', 'characters beyond ASCII'],
]
for (const [raw, shown, what] of cases) {
  t.test(what, (t) => {
    t.equal(cleanLine(raw), shown)
    t.end()
  })
}

t.test('a line without an end is cut: its beginning is shown, or the end of a progress display', (t) => {
  t.match(cleanLine('x'.repeat(100_000)), /^x{4000,} \(and more\)$/)
  t.match(cleanLine(`${'50%\r'.repeat(10_000)}99%\r`), /^99%$/)
  t.end()
})
