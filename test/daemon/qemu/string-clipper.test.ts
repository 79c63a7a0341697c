import t from 'tap'
import { StringClipper } from '../../../daemon/qemu/string-clipper.ts'

/** What comes out when the bytes come in pieces of this size. */
function clip(text: string, limit: number, size: number): string {
  const bytes = Buffer.from(text)
  const clipper = new StringClipper(limit)
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length; from += size) pieces.push(clipper.push(bytes.subarray(from, from + size)))
  return Buffer.concat(pieces).toString()
}

t.test('strings lose what is behind the limit, and nothing else changes, wherever the bytes are cut', async (t) => {
  const cases: [before: string, after: string][] = [
    ['{"a": "12345678"}', '{"a": "12345678"}'],
    ['{"a": "123456789", "b": [1, "x", null]}', '{"a": "12345678", "b": [1, "x", null]}'],
    ['["", "", "123456789abc", ""]', '["", "", "12345678", ""]'],
    [String.raw`["\"\\\"", "1\"34\"\"7", "x"]`, String.raw`["\"\\", "1\"34", "x"]`],
    [String.raw`["12\u00e4", "123\u00e4", "1"]`, String.raw`["12\u00e4", "123", "1"]`],
    [String.raw`["123456789\"still\\", "y"]`, '["12345678", "y"]'],
    ['"unended\n{"a": "next"}\n', '"unended\n{"a": "next"}\n'],
    ['{"no": 1234567890123456}', '{"no": 1234567890123456}'],
  ]
  for (const [before, after] of cases) {
    for (const size of [1, 2, 3, 1000]) t.equal(clip(before, 8, size), after, `${before} by ${size}`)
  }
})

t.test('what is JSON stays JSON', async (t) => {
  const value = { list: ['"', '\\', '\u0000\n', 'ä€', 'x'.repeat(100)], 'a "key"': { n: -1.5e3, deep: ['\\"'.repeat(20)] } }
  for (let limit = 8; limit < 60; limit++) {
    const clipped = JSON.parse(clip(JSON.stringify(value), limit, 7)) as typeof value
    t.ok(clipped.list.every((text, index) => value.list[index]?.startsWith(text.replace(/\ufffd$/, ''))), `at ${limit}`)
  }
})

t.test('a delimiter ends a text that was left unfinished', async (t) => {
  const clipped = new StringClipper(2).push(Buffer.from('"abcdef\xff{"r": 1}', 'latin1'))
  t.equal(clipped.toString('latin1'), '"ab\xff{"r": 1}')
})
