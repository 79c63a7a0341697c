import t from 'tap'
import { afterLast, endOf, PIECE_BYTES, startLog, startOf, withNewer, withOlder, type LogText } from '../../../../tui/app/model/log-text.ts'

const of = { vm: 'aaaaaaaa', source: 'console' as const }

/** What a daemon answers of this file: as many whole characters as fit (daemon/vm/log.ts). */
function read(file: Buffer, offset: number, limit: number): { text: string; offset: number; nextOffset: number } {
  let end = Math.min(file.length, offset + limit)
  while (end > offset && end < file.length && (file[end]! & 0xc0) === 0x80) end--
  return { text: file.toString('utf8', offset, end), offset, nextOffset: end }
}

const numbered = (log: LogText): Map<number, string> => new Map(log.lines.map((line, index) => [log.first + index, line]))

t.test('pieces cut anywhere come to the same lines, from the beginning', (t) => {
  const file = Buffer.from(Array.from({ length: 200 }, (_unused, index) => `línea ${index} ${'漢'.repeat(index % 7)}\r\n`).join(''))
  const lines = file.toString().split('\r\n').slice(0, -1)
  for (const size of [1, 2, 3, 7, 64, 1000]) {
    let log = startLog(of, read(file, 0, Math.max(4, size)), 0)
    while (endOf(log) < file.length) log = withNewer(log, read(file, endOf(log), Math.max(4, size)))
    t.same(log.lines, lines, `pieces of ${size}`)
    t.equal(log.first, 0)
    t.ok(log.atStart)
    t.ok(log.atEnd)
  }
  t.end()
})

t.test('and backwards from the end, also through the middle of characters', (t) => {
  const file = Buffer.from(Array.from({ length: 200 }, (_unused, index) => `${index} ${'é'.repeat(index % 5)}\n`).join(''))
  const lines = file.toString().split('\n').slice(0, -1)
  for (const size of [50, 51, 333]) {
    const begin = file.length - size
    let log = startLog(of, read(file, begin, size))
    t.notOk(log.atStart)
    const last = afterLast(log)
    while (!log.atStart) {
      const asked = Math.max(0, startOf(log) - size)
      log = withOlder(log, read(file, asked, startOf(log) - asked), asked)
    }
    t.equal(startOf(log), 0)
    t.equal(log.lines.length, lines.length)
    t.equal(afterLast(log), last, 'what was read keeps its numbers')
    const broken = log.lines.filter((line, index) => line !== lines[index])
    t.ok(broken.every((line) => /^\d+ é*\ufffdé*$/.test(line)), 'a character that was cut is one U+FFFD')
    t.ok(broken.length <= file.length / size)
  }
  t.end()
})

t.test('a line that goes on is one line', (t) => {
  const begun = startLog(of, { text: 'login: ', offset: 0, nextOffset: 7 }, 0)
  t.same(begun.lines, ['login: '])
  const goes = withNewer(begun, { text: 'root\r', offset: 7, nextOffset: 12 })
  t.same(goes.lines, ['login: root'])
  const ended = withNewer(goes, { text: '\n# ', offset: 12, nextOffset: 15 })
  t.same(ended.lines, ['login: root', '# '])
  t.end()
})

const big = (from: number, lines: number): string => Array.from({ length: lines }, (_unused, index) => `line ${from + index} ${'x'.repeat(40)}\n`).join('')

t.test('it is bounded: newer text takes the place of the oldest, whose numbers are not given again', (t) => {
  let log = startLog(of, { text: '', offset: 0, nextOffset: 0 }, 0)
  for (let from = 0; from < 50_000; from += 1000) {
    const text = big(from, 1000)
    log = withNewer(log, { text, offset: endOf(log), nextOffset: endOf(log) + text.length })
  }
  t.ok(log.lines.length <= 10_000 && log.lines.length > 8000, `${log.lines.length} lines`)
  t.equal(afterLast(log), 50_000)
  t.match(log.lines[0], new RegExp(`^line ${log.first} x`))
  t.notOk(log.atStart)
  t.ok(startOf(log) > 0)
  t.end()
})

t.test('and older text that of the newest, which is then to be read again', (t) => {
  const file = Buffer.from(big(0, 30_000))
  let log = startLog(of, read(file, file.length - PIECE_BYTES, PIECE_BYTES))
  const { origin } = log
  while (!log.atStart) {
    const asked = Math.max(0, startOf(log) - PIECE_BYTES)
    log = withOlder(log, read(file, asked, startOf(log) - asked), asked)
  }
  t.equal(log.origin, origin)
  t.notOk(log.atEnd)
  t.match(log.lines[0], /^line 0 x/)
  t.ok(log.lines.length <= 10_000)
  t.ok(endOf(log) < file.length)
  const before = numbered(log)
  const more = withNewer(log, read(file, endOf(log), PIECE_BYTES))
  // Its first line has lost its beginning, and the last one that was there before has got its end.
  const isWhole = ([number]: readonly [number, string]): boolean => number > more.first && number < afterLast(log) - 1
  t.same([...numbered(more)].filter(isWhole), [...before].filter(isWhole))
  t.match(more.lines.at(-2), /^line \d+ x{40}$/, 'it goes on without a seam')
  const seam = afterLast(log) - 1
  t.equal(numbered(more).get(seam), `line ${Number(/\d+/.exec(numbered(more).get(seam - 1)!)![0]) + 1} ${'x'.repeat(40)}`)
  t.end()
})

t.test('few but long lines are bounded too', (t) => {
  let log = startLog(of, { text: '', offset: 0, nextOffset: 0 }, 0)
  for (let i = 0; i < 200; i++) log = withNewer(log, { text: 'y'.repeat(PIECE_BYTES), offset: endOf(log), nextOffset: endOf(log) + PIECE_BYTES })
  t.ok(endOf(log) - startOf(log) <= 4 * 1_048_576)
  t.equal(log.lines.length, 1)
  t.end()
})

t.test('text that the daemon has given up meanwhile is said to be missing', (t) => {
  const log = startLog(of, { text: 'a\nb', offset: 0, nextOffset: 3 }, 0)
  const on = withNewer(log, { text: 'c\n', offset: 1_048_579, nextOffset: 1_048_581 })
  t.same(on.lines, ['a', 'b', '(1 MiB that stood here are not kept any more)', 'c'])
  t.same(withNewer(log, { text: 'c\n', offset: 13, nextOffset: 15 }).lines, ['a', 'bc'], 'a few NUL characters are none')
  t.end()
})

t.test('nothing new is the same text', (t) => {
  const log = startLog(of, { text: 'a\n', offset: 0, nextOffset: 2 }, 0)
  t.equal(withNewer(log, { text: '', offset: 2, nextOffset: 2 }).lines, log.lines)
  t.end()
})
