import t from 'tap'
import { cleanLog, escapeControls, escapeJson } from '../../../../tui/cli/render/escape.ts'

t.test('control characters are spelt out, and nothing else is touched', async (t) => {
  t.equal(escapeControls('\u001b]0;title\u0007'), '\\x1b]0;title\\x07')
  t.equal(escapeControls('a\nb\tc\r'), 'a\\x0ab\\x09c\\x0d')
  t.equal(escapeControls('\u009b31m'), '\\x9b31m', 'C1 controls begin sequences too')
  t.equal(escapeControls('user\u202egnp.exe'), 'user\\u202egnp.exe', 'reordering can forge a name')
  t.equal(escapeControls('\ud800'), '\\ud800')
  t.equal(escapeControls('größe 日本 🙂'), 'größe 日本 🙂')
  t.equal(escapeControls('a\nb', '\n'), 'a\nb')
})

t.test('JSON stays the same JSON', async (t) => {
  const value = { name: 'a\u009b31m\u202eb\u2028', text: 'größe\n' }
  const text = escapeJson(JSON.stringify(value, null, 2))
  t.same(JSON.parse(text), value)
  t.notMatch(text, /[\u007f-\u009f\u2028-\u202e]/)
  t.match(text, /größe/)
})

t.test('a log keeps its lines and loses its sequences', async (t) => {
  t.equal(cleanLog('\u001b[1;31mred\u001b[0m\r\nnext\tcolumn\n'), 'red\nnext\tcolumn\n')
  t.equal(cleanLog('\u001b]0;owned\u0007a\u001b]52;c;AAAA\u001b\\b'), 'ab')
  t.equal(cleanLog('\u001bP+q544e\u001b\\x\u001b(By'), 'xy')
  t.equal(cleanLog('10%\r20%\n'), '10%\\x0d20%\n', 'a lone carriage return would overwrite the line')
})

t.test('no sequence survives, however it is cut or nested', async (t) => {
  const hostile = ['\u001b', '\u001b\u001b[31m[31m', '\u001b]0;x', '\u001b[', '\u001b]0;\u001b[31m\u0007', '\u009d0;x\u009c']
  for (const text of hostile) t.notMatch(cleanLog(text), /[\u001b\u0080-\u009f\u0007]/, JSON.stringify(text))
})
