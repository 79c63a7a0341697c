import t from 'tap'
import { errorTable, exitStatus, UserError, type ErrorName } from '../../policy/errors.ts'

const entries = Object.entries(errorTable)

t.test('no two errors share a code', async (t) => {
  const codes = entries.map(([, { code }]) => code)
  t.equal(new Set(codes).size, codes.length)
})

t.test('the codes of JSON-RPC 2.0, section 5.1, mean what the specification says', async (t) => {
  t.equal(errorTable.PARSE_ERROR.code, -32700)
  t.equal(errorTable.INVALID_REQUEST.code, -32600)
  t.equal(errorTable.METHOD_NOT_FOUND.code, -32601)
  t.equal(errorTable.INVALID_PARAMS.code, -32602)
  t.equal(errorTable.INTERNAL.code, -32603)
})

t.test('every other code is one that the specification leaves to servers', async (t) => {
  const standard = [-32700, -32600, -32601, -32602, -32603]
  for (const [name, { code }] of entries) {
    t.ok(standard.includes(code) || (code >= -32099 && code <= -32000) || code >= 1000, `${name} ${code}`)
  }
})

t.test('names are what scripts compare: upper case and underscores', async (t) => {
  for (const [name] of entries) t.match(name, /^[A-Z]+(_[A-Z]+)*$/)
})

t.test('no error exits as if all were well', async (t) => {
  for (const [name, { exit }] of entries) t.ok(exitStatus[exit] > 0, name)
})

t.test('an error for users carries code, name, field, hint and cause', async (t) => {
  const cause = new Error('disk')
  const error = new UserError('NO_SPACE', 'full', { field: 'diskMiB', hint: 'free some', cause })
  t.equal(error.code, errorTable.NO_SPACE.code)
  t.equal(error.cause, cause)
  t.strictSame(error.data, { name: 'NO_SPACE', field: 'diskMiB', hint: 'free some' })
  t.strictSame(new UserError('NO_SPACE' satisfies ErrorName, 'full').data, { name: 'NO_SPACE' })
})
