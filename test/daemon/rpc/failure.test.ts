import { readFile, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { errorTable, UserError } from '../../../policy/errors.ts'
import { explainFailure } from '../../../daemon/rpc/failure.ts'
import { makeFolder, recordLog } from './harness.ts'

const explain = (thrown: unknown) => {
  const { log, lines } = recordLog()
  return { error: explainFailure(thrown, 'vm.get', log), lines }
}
const reasonOf = (operation: Promise<unknown>): Promise<unknown> => operation.then(() => undefined, (error: unknown) => error)

t.test('an error for users keeps code, words and data, and is no line of the log', async (t) => {
  const { error, lines } = explain(new UserError('IMAGE_IN_USE', 'web stands on it', { field: 'image', hint: 'delete web' }))
  t.same(error, {
    code: errorTable.IMAGE_IN_USE.code,
    message: 'web stands on it',
    data: { name: 'IMAGE_IN_USE', field: 'image', hint: 'delete web' },
  })
  t.same(lines, [])
})

t.test('what the file system refuses names the path', async (t) => {
  const folder = await makeFolder(t)
  const missing = await reasonOf(readFile(`${folder}/gone`))
  t.match(explain(missing).error, { data: { name: 'HOST_IO' }, message: `${folder}/gone (ENOENT)` })
  const directory = await reasonOf(writeFile(folder, 'x'))
  t.match(explain(directory).error, { data: { name: 'HOST_IO' }, message: 'EISDIR' })
  t.match(explain(directory).lines, [{ level: 40, err: { code: 'EISDIR' } }])
})

t.test('a full disk is told as such', async (t) => {
  const thrown = await reasonOf(writeFile('/dev/full', 'x'))
  t.match(explain(thrown).error, { code: errorTable.NO_SPACE.code, data: { name: 'NO_SPACE' }, message: 'ENOSPC' })
})

t.test('everything else is a defect', async (t) => {
  const spawned = await reasonOf(promisify(execFile)('/nonexistent/program'))
  for (const thrown of [new Error('x'), 'text', undefined, null, 5, spawned, Object.assign(new Error('x'), { code: 'ENOENT' })]) {
    const { error, lines } = explain(thrown)
    t.match(error, { code: -32603, data: { name: 'INTERNAL', ref: /^[0-9a-f]{8}$/ } }, String(thrown))
    t.match(lines, [{ level: 50, ref: error.data.ref, method: 'vm.get' }])
  }
})
