import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createCopies, type Copies } from '../../../daemon/guest/copies.ts'
import { checkParams } from '../../../daemon/rpc/params.ts'
import type { Params, ParamsInput, Result } from '../../../policy/api/index.ts'
import { coded, failure, startFakeGuest, type FakeGuest } from '../../fakes/guest.ts'

type Piece = Omit<ParamsInput<'vm.copy-in'>, 'vm' | 'data'> & { readonly data?: Uint8Array | string }

function write(copies: Copies, { entry }: FakeGuest, { data = '', ...rest }: Piece): Promise<Result<'vm.copy-in'>> {
  const params = { vm: 'web', ...rest, data: Buffer.from(data).toString('base64') }
  return copies.write(entry, checkParams('vm.copy-in', params) as Params<'vm.copy-in'>)
}

const partsIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'))

async function gone(folder: string): Promise<boolean> {
  for (let tries = 0; tries < 500 && partsIn(folder).length > 0; tries++) await delay(10)
  return partsIn(folder).length === 0
}

t.test('a small file takes one call, and replaces what has its name', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  t.same(await write(copies, guest, { path, data: 'one', isLast: true }), { nextOffset: 3 })
  t.equal(statSync(path).mode & 0o7777, 0o644)
  t.same(await write(copies, guest, { path, data: 'second', isLast: true, mode: '0750' }), { nextOffset: 6 })
  t.equal(readFileSync(path, 'utf8'), 'second')
  t.equal(statSync(path).mode & 0o7777, 0o750)
  t.same(await write(copies, guest, { path, isLast: true }), { nextOffset: 0 })
  t.equal(readFileSync(path, 'utf8'), '', 'also by an empty one')
  t.same(partsIn(guest.folder), [])
  t.equal(guest.handles.size, 0)
})

t.test('a large one comes in pieces, which nobody sees before the last', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  const bytes = randomBytes(1_200_000)
  writeFileSync(path, 'before')
  const first = await write(copies, guest, { path, data: bytes.subarray(0, 524_288) })
  t.match(first, { nextOffset: 524_288, copy: /^[0-9a-f]{16}$/ })
  const { copy = '' } = first
  const [part = ''] = partsIn(guest.folder)
  t.equal(statSync(join(guest.folder, part)).mode & 0o777, 0o600, 'what is not whole is nobody else to read')
  t.same(await write(copies, guest, { path, copy, offset: 524_288, data: bytes.subarray(524_288, 1_048_576) }), { nextOffset: 1_048_576, copy })
  t.equal(readFileSync(path, 'utf8'), 'before')
  t.same(await write(copies, guest, { path, copy, offset: 1_048_576, data: bytes.subarray(1_048_576), isLast: true }), { nextOffset: 1_200_000 })
  t.ok(readFileSync(path).equals(bytes))
  t.same(partsIn(guest.folder), [])
  await t.rejects(write(copies, guest, { path, copy, offset: 1_200_000 }), coded('GUEST_COPY_NOT_FOUND'), 'it is over')
})

t.test('names are data, whatever they hold', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const folder = join(guest.folder, '-a $(touch pwned) "\';')
  mkdirSync(folder)
  for (const name of ['-rf', '$(touch pwned)', '; rm x', 'a\nb', 'é'.repeat(127)]) {
    await write(copies, guest, { path: join(folder, name), data: name, isLast: true })
    t.equal(readFileSync(join(folder, name), 'utf8'), name, JSON.stringify(name))
  }
  t.notOk(existsSync('pwned'))
})

t.test('pieces are taken in their order alone, and one that is not next harms nothing', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  await t.rejects(write(copies, guest, { path, offset: 3, data: 'x' }), coded('INVALID_PARAMS', { field: 'copy' }))
  const { copy = '' } = await write(copies, guest, { path, data: 'abc' })
  await t.rejects(write(copies, guest, { path, copy, offset: 0, data: 'abc' }), coded('INVALID_PARAMS', { field: 'offset' }, /goes on at 3, not at 0/))
  await t.rejects(write(copies, guest, { path: `${path}2`, copy, offset: 3 }), coded('GUEST_COPY_NOT_FOUND'))
  const [next, last] = await Promise.all([
    write(copies, guest, { path, copy, offset: 3, data: 'def' }),
    write(copies, guest, { path, copy, offset: 6, data: 'ghi', isLast: true }),
  ])
  t.same([next, last], [{ nextOffset: 6, copy }, { nextOffset: 9 }], 'also when all are sent at once')
  t.equal(readFileSync(path, 'utf8'), 'abcdefghi')
})

t.test('copies to one path do not mix: the last to end is what is there', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  const [one, two] = await Promise.all([write(copies, guest, { path, data: '1111' }), write(copies, guest, { path, data: '2222' })])
  await Promise.all([write(copies, guest, { path, copy: one.copy, offset: 4, data: '11', isLast: true }), write(copies, guest, { path, copy: two.copy, offset: 4, data: '22' })])
  t.equal(readFileSync(path, 'utf8'), '111111')
  await write(copies, guest, { path, copy: two.copy, offset: 6, isLast: true })
  t.equal(readFileSync(path, 'utf8'), '222222')
})

t.test('what cannot be written leaves nothing, and its reason is told', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const { folder } = guest
  mkdirSync(join(folder, 'dir'))
  symlinkSync('dir', join(folder, 'link'))
  await t.rejects(write(copies, guest, { path: join(folder, 'dir'), data: 'x' }), coded('GUEST_FILE_FAILED', { field: 'path' }, /is a folder/))
  await t.rejects(write(copies, guest, { path: join(folder, 'link'), data: 'x' }), coded('GUEST_FILE_FAILED', {}, /is a folder/))
  await t.rejects(write(copies, guest, { path: join(folder, 'none', 'f'), data: 'x' }), coded('GUEST_FILE_NOT_FOUND', { hint: /mkdir -p/ }))
  await t.rejects(write(copies, guest, { path: '/proc/f', data: 'x' }), coded('GUEST_FILE_FAILED', { field: 'path' }))
  t.same(readdirSync(join(folder, 'dir')), [])
  t.ok(await gone(folder))

  for (const command of ['guest-file-write', 'guest-file-close']) {
    let asked = 0
    const full = await startFakeGuest(t, { override: ({ execute }) => (execute === command && ++asked === 2 ? failure('failed to write to file: No space left on device') : undefined) })
    const to = createCopies(full.deps)
    const path = join(full.folder, 'f')
    const { copy } = await write(to, full, { path, data: 'abc' })
    await t.rejects(write(to, full, { path, copy, offset: 3, data: 'def', isLast: true }), coded('GUEST_FILE_FAILED', {}, /No space left/), command)
    t.ok(await gone(full.folder))
    t.notOk(existsSync(path))
    await t.rejects(write(to, full, { path, copy, offset: 3 }), coded('GUEST_COPY_NOT_FOUND'), 'such a copy is over')
  }
})

t.test('a file that somebody in the guest has cut meanwhile does not get its name', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  const { copy } = await write(copies, guest, { path, data: 'abcdef' })
  writeFileSync(join(guest.folder, partsIn(guest.folder)[0] ?? ''), 'abc')
  await t.rejects(write(copies, guest, { path, copy, offset: 6, isLast: true }), coded('GUEST_FILE_FAILED', {}, /another number of bytes/))
  t.notOk(existsSync(path))
})

t.test('what is given up, or forgotten, is removed', async (t) => {
  const guest = await startFakeGuest(t)
  const path = join(guest.folder, 'f')
  const copies = createCopies(guest.deps)
  const { copy } = await write(copies, guest, { path, data: 'abc' })
  t.same(await write(copies, guest, { path, copy, abandon: true }), { nextOffset: 3 })
  t.ok(await gone(guest.folder))
  await t.rejects(write(copies, guest, { path, copy, offset: 3 }), coded('GUEST_COPY_NOT_FOUND'))
  await t.rejects(write(copies, guest, { path, abandon: true }), coded('INVALID_PARAMS', { field: 'copy' }))

  const hasty = createCopies(guest.deps, { idleMs: 20 })
  await write(hasty, guest, { path, data: 'abc' })
  const hold = setInterval(() => undefined, 10)
  t.ok(await gone(guest.folder))
  clearInterval(hold)
})

t.test('a guest without an agent, one that forbids it, and too large a file are refused', async (t) => {
  const guest = await startFakeGuest(t)
  const copies = createCopies(guest.deps)
  const path = join(guest.folder, 'f')
  guest.change({ agent: 'absent' })
  await t.rejects(write(copies, guest, { path, data: 'x' }), coded('GUEST_AGENT_ABSENT'))
  guest.change({ agent: 'connected' })
  for (const command of ['guest-exec', 'guest-file-open']) {
    const strict = await startFakeGuest(t, { override: ({ execute }) => (execute === command ? failure(`Command ${command} has been disabled`, 'CommandNotFound') : undefined) })
    await t.rejects(write(createCopies(strict.deps), strict, { path: join(strict.folder, 'f'), data: 'x' }), coded('GUEST_AGENT_REFUSES', { hint: /qemu-ga/ }, new RegExp(command)))
    t.ok(await gone(strict.folder))
  }
  chmodSync(guest.folder, 0o700)
  const bad: [Piece, string][] = [
    [{ path: 'f' }, 'path'],
    [{ path: '/tmp/' }, 'path'],
    [{ path: '/tmp/..' }, 'path'],
    [{ path: '/' }, 'path'],
    [{ path: '/a\0b' }, 'path'],
    [{ path: `/${'x'.repeat(4095)}` }, 'path'],
    [{ path: '/f', data: Buffer.alloc(524_289) }, 'data'],
    [{ path: '/f', offset: 1_073_741_825 }, 'offset'],
    [{ path: '/f', mode: '0888' }, 'mode'],
    [{ path: '/f', copy: '../../x' }, 'copy'],
  ]
  for (const [piece, field] of bad) t.throws(() => void write(copies, guest, piece), coded('INVALID_PARAMS', { field }), JSON.stringify(piece).slice(0, 60))
  t.throws(() => checkParams('vm.copy-in', { vm: 'web', path: '/f', data: 'a===' }), coded('INVALID_PARAMS', { field: 'data' }))
  t.throws(() => checkParams('vm.copy-in', { vm: 'web', path: '/f', data: '====' }), coded('INVALID_PARAMS', { field: 'data' }))
})
