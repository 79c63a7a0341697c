import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { copyOut } from '../../../daemon/guest/copy-out.ts'
import { checkParams } from '../../../daemon/rpc/params.ts'
import type { Params, ParamsInput, Result } from '../../../policy/api/index.ts'
import { coded, failure, startFakeGuest, type FakeGuest } from '../../fakes/guest.ts'

function read({ deps, entry }: FakeGuest, params: Omit<ParamsInput<'vm.copy-out'>, 'vm'>): Promise<Result<'vm.copy-out'>> {
  return copyOut(deps, entry, checkParams('vm.copy-out', { vm: 'web', ...params }) as Params<'vm.copy-out'>)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

t.test('a file comes piece by piece, the first with what is known of it', async (t) => {
  const guest = await startFakeGuest(t)
  const path = join(guest.folder, 'f')
  writeFileSync(path, 'abcdef', { mode: 0o640 })
  t.same(await read(guest, { path, limitBytes: 4 }), { data: base64('abcd'), nextOffset: 4, isEnd: false, size: 6, mode: '640' })
  t.same(await read(guest, { path, offset: 4, limitBytes: 4 }), { data: base64('ef'), nextOffset: 6, isEnd: true })
  t.same(await read(guest, { path, offset: 9 }), { data: '', nextOffset: 9, isEnd: true }, 'beyond its end there is nothing')
  t.equal(guest.handles.size, 0)
})

t.test('a piece of the largest size fits a line of the wire, and is whole', async (t) => {
  const guest = await startFakeGuest(t)
  const path = join(guest.folder, 'f')
  const bytes = randomBytes(524_289)
  writeFileSync(path, bytes)
  const piece = await read(guest, { path })
  t.ok(Buffer.from(piece.data, 'base64').equals(bytes.subarray(0, 524_288)))
  t.equal(piece.isEnd, false)
  t.ok(JSON.stringify(piece).length < 1_048_576)
})

t.test('what is no file is refused, and a pipe is not opened', async (t) => {
  const guest = await startFakeGuest(t)
  const at = (name: string): string => join(guest.folder, name)
  mkdirSync(at('dir'))
  execFileSync('mkfifo', [at('pipe')])
  await t.rejects(read(guest, { path: at('dir') }), coded('GUEST_FILE_FAILED', { hint: /tar/ }, /is a folder/))
  await t.rejects(read(guest, { path: at('pipe') }), coded('GUEST_FILE_FAILED', {}, /is a pipe/))
  await t.rejects(read(guest, { path: at('none') }), coded('GUEST_FILE_NOT_FOUND', { field: 'path' }))
  t.notOk(guest.commands.some(({ execute, arguments: args }) => execute === 'guest-file-open' && args?.['path'] === at('pipe')))
})

t.test('an agent that runs no commands still reads files', async (t) => {
  const guest = await startFakeGuest(t, { override: ({ execute }) => (execute === 'guest-exec' ? failure('Command guest-exec has been disabled', 'CommandNotFound') : undefined) })
  const path = join(guest.folder, 'f')
  writeFileSync(path, 'abc')
  t.same(await read(guest, { path }), { data: base64('abc'), nextOffset: 3, isEnd: true })
})

t.test('a guest that lies about what it reads is not believed, and its handle closed', async (t) => {
  const lies: [string, object][] = [
    ['another count', { return: { count: 2, 'buf-b64': base64('abc'), eof: true } }],
    ['more than was asked for', { return: { count: 9, 'buf-b64': base64('123456789'), eof: true } }],
    ['no bytes', { return: { count: 0, eof: true } }],
    ['a list', { return: [] }],
  ]
  for (const [title, lie] of lies) {
    const guest = await startFakeGuest(t, { override: ({ execute }) => (execute === 'guest-file-read' ? lie : undefined) })
    const path = join(guest.folder, 'f')
    writeFileSync(path, 'abc')
    await t.rejects(read(guest, { path, limitBytes: 8 }), coded('GUEST_NONSENSE'), title)
    t.equal(guest.handles.size, 0, title)
  }
  const facts = await startFakeGuest(t, { override: ({ execute }) => (execute === 'guest-exec-status' ? { return: { exited: true, exitcode: 0, 'out-data': base64('1e9 99999\n') } } : undefined) })
  const path = join(facts.folder, 'f')
  writeFileSync(path, 'abc')
  t.same(await read(facts, { path }), { data: base64('abc'), nextOffset: 3, isEnd: true }, 'what it says of a file likewise')
})
