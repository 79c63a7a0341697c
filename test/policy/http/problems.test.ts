import t from 'tap'
import { errorTable } from '../../../policy/errors.ts'
import { daemonProblem, doorProblem, doorProblems, statusOf } from '../../../policy/http/problems.ts'

t.test('the status follows from what an error means for a script', async (t) => {
  const expected = {
    INVALID_PARAMS: 400,
    ACCESS_DENIED: 403,
    VM_NOT_FOUND: 404,
    VM_NAME_TAKEN: 409,
    LINE_TOO_LONG: 413,
    INTERNAL: 500,
    SHUTTING_DOWN: 503,
    VM_WAIT_TIMEOUT: 504,
    OF_A_LATER_VERSION: 500,
    constructor: 500,
  }
  for (const [name, status] of Object.entries(expected)) t.equal(statusOf(name), status, name)
  for (const name of Object.keys(errorTable)) t.ok(statusOf(name) >= 400, name)
})

t.test('a problem says all that the daemon says', async (t) => {
  const object = { code: 1001, message: 'There is no VM "web"', data: { name: 'VM_NOT_FOUND', field: 'vm', hint: 'list them', ref: 'ab' } }
  t.strictSame(daemonProblem(object), {
    type: 'urn:aetherscale:VM_NOT_FOUND',
    title: errorTable.VM_NOT_FOUND.summary,
    status: 404,
    detail: 'There is no VM "web"',
    name: 'VM_NOT_FOUND',
    code: 1001,
    field: 'vm',
    hint: 'list them',
    ref: 'ab',
  })
  t.match(daemonProblem({ code: 7, message: 'x' }), { name: 'UNKNOWN', status: 500 })
  t.strictSame(Object.keys(doorProblem('ROUTE_NOT_FOUND', 'x')), ['type', 'title', 'status', 'detail', 'name'])
})

t.test('no problem of the door has the name of an error of the daemon', async (t) => {
  t.strictSame(Object.keys(doorProblems).filter((name) => name in errorTable), [])
})
