import t from 'tap'
import { describeError, formatMessage, parseMessage, type Message } from '../../../../daemon/image/builder/messages.ts'
import { UserError } from '../../../../policy/errors.ts'

t.test('what is said is read again as it was said, a line each', async (t) => {
  const messages: Message[] = [
    { doing: 'two\nlines', fraction: 0.5 },
    { doing: 'unpacking' },
    { disk: '/a b/disk' },
    { error: { name: 'NO_SPACE', message: 'full', hint: 'make room' } },
  ]
  for (const message of messages) {
    const line = formatMessage(message)
    t.equal(line.indexOf('\n'), line.length - 1)
    t.same(parseMessage(line), message)
  }
})

t.test('a line that is no message is none', async (t) => {
  for (const line of ['', 'Error: what', '{}', '{"doing":1}', '{"doing":"x","fraction":2}', '{"disk":"/d","more":1}', '{"error":{"name":"WHAT","message":"m"}}', 'null']) {
    t.equal(parseMessage(line), undefined, line)
  }
})

t.test('an error that a caller can act on is told with its hint; a defect is not a message', async (t) => {
  t.same(describeError(new UserError('NO_SPACE', 'full', { hint: 'make room' })), { error: { name: 'NO_SPACE', message: 'full', hint: 'make room' } })
  t.same(describeError(new UserError('HOST_IO', 'no')), { error: { name: 'HOST_IO', message: 'no' } })
  t.equal(describeError(new TypeError('x')), undefined)
})
