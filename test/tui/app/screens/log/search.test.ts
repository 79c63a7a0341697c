import t from 'tap'
import { endOf, startLog, startOf, withNewer, withOlder, type LogText } from '../../../../../tui/app/model/log-text.ts'
import { createFinder, createLogSearch } from '../../../../../tui/app/screens/log/search.ts'

const of = { vm: 'aaaaaaaa', source: 'console' as const }
const more = (log: LogText, text: string): LogText => withNewer(log, { text, offset: endOf(log), nextOffset: endOf(log) + text.length })
const before = (log: LogText, text: string): LogText => withOlder(log, { text, offset: startOf(log) - text.length, nextOffset: startOf(log) }, startOf(log) - text.length)

t.test('where a text is in a line', (t) => {
  t.same(createFinder('ab')('ab AB xab'), [[0, 2], [3, 5], [7, 9]])
  t.same(createFinder('Ab')('ab Ab'), [[3, 5]])
  t.same(createFinder('.*')('a.*b'), [[1, 3]], 'it is no expression')
  t.same(createFinder('')('abc'), [])
  t.end()
})

t.test('what is remembered comes to the same as to look at all of it anew', (t) => {
  const search = createLogSearch()
  let log = startLog(of, { text: 'end of hit\nhit\nno\nh', offset: 1_000_000, nextOffset: 1_000_020 })
  const same = (what: string): void => {
    t.same(search(log, 'hit'), createLogSearch()(log, 'hit'), what)
    t.equal(search(log, 'hit'), search(log, 'hit'), 'and is not looked for again')
  }
  same('at first')
  t.same(search(log, 'hit'), [0, 1])
  log = more(log, 'it\nnothing\n')
  same('the last line went on')
  log = before(log, 'hit\nbegin of hi')
  same('the first line went on')
  t.same(search(log, 'hit'), [-1, 0, 1, 3])
  log = before(log, 'x hit\nx\n')
  same('older')
  for (let i = 0; i < 30; i++) {
    log = more(log, `hit ${i}\n${'line\n'.repeat(12_000)}`)
    same('as the oldest goes')
  }
  t.same(search(log, 'line').length > 1000, true, 'another text')
  same('and the first again')
  t.end()
})
