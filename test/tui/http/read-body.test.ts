import t from 'tap'
import { readBody } from '../../../tui/http/read-body.ts'

const read = (text: string | Buffer, depth = 8): unknown => readBody(Buffer.from(text as string), depth)

t.test('a JSON object in UTF-8 is read as it is, and nothing is an empty one', async (t) => {
  t.strictSame(read('{"image":"tiny","vpn":null,"n":[1,{"a":"ü"}]}'), { image: 'tiny', vpn: null, n: [1, { a: 'ü' }] })
  t.strictSame(read(''), {})
  t.strictSame(read(' \n'), {})
  t.equal(JSON.stringify(read('{"__proto__":{"a":1}}')), '{"__proto__":{"a":1}}')
})

t.test('anything else is refused', async (t) => {
  for (const text of ['{', '[]', '"x"', 'null', '1', '{}{}', "{'a':1}", '\u0000', '{"a":1,}', Buffer.from([0x7b, 0xff, 0x7d])]) {
    t.throws(() => read(text), { name: 'HttpProblem' }, JSON.stringify(text))
  }
})

t.test('JSON nested too deeply is refused before it is parsed; brackets in text are text', async (t) => {
  const nest = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  t.ok(read(nest(8)))
  t.throws(() => read(nest(9)), { message: /8 deep/ })
  t.throws(() => read('['.repeat(1_000_000)), { message: /8 deep/ })
  t.strictSame(read('{"a":"[[[[[[[[[[[[","b":"\\"[[[[[[[[[[[","c":"\\\\","d":[[]]}'), { a: '[[[[[[[[[[[[', b: '"[[[[[[[[[[[', c: '\\', d: [[]] })
})
