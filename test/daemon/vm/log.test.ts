import { appendFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { limitLog, readLog } from '../../../daemon/vm/log.ts'

t.test('a log that is not there yet reads as empty', async (t) => {
  t.same(await readLog(join(t.testdir(), 'none.log'), undefined, 100), { text: '', offset: 0, nextOffset: 0 })
})

t.test('without an offset the last bytes are read, with one those from there on', async (t) => {
  const path = join(t.testdir({ log: '0123456789' }), 'log')
  t.same(await readLog(path, undefined, 4), { text: '6789', offset: 6, nextOffset: 10 })
  t.same(await readLog(path, 2, 3), { text: '234', offset: 2, nextOffset: 5 })
  t.same(await readLog(path, 5, 100), { text: '56789', offset: 5, nextOffset: 10 })
  t.same(await readLog(path, 50, 100), { text: '', offset: 10, nextOffset: 10 }, 'an offset beyond the end')
})

t.test('asking again with nextOffset reads everything exactly once', async (t) => {
  const path = join(t.testdir({ log: 'abcdefghij' }), 'log')
  let text = ''
  let offset = 0
  for (let i = 0; i < 10; i++) {
    const piece = await readLog(path, offset, 3)
    text += piece.text
    offset = piece.nextOffset
    if (i === 2) appendFileSync(path, 'klm')
  }
  t.equal(text, 'abcdefghijklm')
})

t.test('a character is never cut in two, however small the pieces', async (t) => {
  const content = 'aä€😀'.repeat(50)
  const path = join(t.testdir({ log: content }), 'log')
  for (const limit of [1, 2, 3, 5, 7]) {
    let text = ''
    let offset = 0
    for (let piece = await readLog(path, 0, limit); piece.text !== ''; piece = await readLog(path, offset, limit)) {
      text += piece.text
      offset = piece.nextOffset
    }
    t.equal(text, content, `in pieces of ${limit}`)
  }
})

t.test('a character of which the end is not printed yet waits for it, and bytes that are no text are shown as such', async (t) => {
  const path = join(t.testdir(), 'log')
  writeFileSync(path, Buffer.from([0x61, 0xe2, 0x82]))
  const first = await readLog(path, 0, 100)
  t.same(first, { text: 'a', offset: 0, nextOffset: 1 })
  appendFileSync(path, Buffer.from([0xac, 0x62]))
  t.equal((await readLog(path, first.nextOffset, 100)).text, '€b')
  writeFileSync(path, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x61]))
  t.equal((await readLog(path, 0, 100)).text, `${'\ufffd'.repeat(5)}a`)
})

t.test('a log that grows without end gives its oldest part back, and its offsets stay true', async (t) => {
  const path = join(t.testdir(), 'log')
  const line = `${'x'.repeat(1023)}\n`
  writeFileSync(path, line.repeat(16 * 1024))
  const punched = new Map<string, number>()
  await limitLog(path, punched)
  t.equal(statSync(path).size, 16 * 1_048_576, 'the apparent size stays')
  t.ok(statSync(path).blocks * 512 <= 5 * 1_048_576, 'most of it is given back')
  appendFileSync(path, 'the end\n')
  t.match((await readLog(path, undefined, 8)).text, 'the end\n')
  const first = await readLog(path, 0, 262_144)
  t.ok(first.offset > 0 || first.text === '', 'what is gone is not shown as NUL')
  t.notMatch(first.text, '\0')
})

t.test('a log within its bounds is left alone', async (t) => {
  const path = join(t.testdir({ log: 'short' }), 'log')
  await limitLog(path, new Map())
  t.equal((await readLog(path, 0, 100)).text, 'short')
})
