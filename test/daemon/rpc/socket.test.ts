import { once } from 'node:events'
import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listenAt, type SocketOptions } from '../../../daemon/rpc/socket.ts'
import { makeFolder } from './harness.ts'

async function listen(t: Test, options: SocketOptions): Promise<{ server: Server; remove: () => Promise<void> }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('ours'))
  t.teardown(() => server.close())
  return { server, remove: await listenAt(server, options) }
}

async function ask(path: string): Promise<string> {
  const [answer] = (await once(connect(path), 'data')) as [Buffer]
  return answer.toString()
}

/** A socket on which nobody listens: its process was killed. */
async function leaveStale(path: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'require("net").createServer().listen(process.argv[1], () => console.log())', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
}

t.test('the socket answers, with the mode asked for whatever the umask is, and leaves nothing beside it', async (t) => {
  for (const mode of [0o600, 0o660, 0o666]) {
    const folder = await makeFolder(t)
    const path = join(folder, 'control.sock')
    const umask = process.umask(0o077)
    await listen(t, { path, mode }).finally(() => process.umask(umask))
    const found = await stat(path)
    t.ok(found.isSocket())
    t.equal(found.mode & 0o777, mode)
    t.equal(await ask(path), 'ours')
    t.same(await readdir(folder), ['control.sock'])
  }
})

t.test('the group is set', async (t) => {
  // As root any will do; a plain user can give away to a group of their own alone.
  const gid = process.getuid?.() === 0 ? 12_345 : process.getgroups!().at(-1)!
  const path = join(await makeFolder(t), 's.sock')
  await listen(t, { path, mode: 0o660, gid })
  t.equal((await stat(path)).gid, gid)
})

t.test('a group that may not be given is an error, and nothing is left', { skip: process.getuid?.() === 0 && 'root may give any group' }, async (t) => {
  const folder = await makeFolder(t)
  await t.rejects(listen(t, { path: join(folder, 's.sock'), mode: 0o660, gid: 0 }), { data: { name: 'HOST_IO' }, message: /EPERM/ })
  t.same(await readdir(folder), [])
})

t.test('a stale socket is replaced', async (t) => {
  const path = join(await makeFolder(t), 'control.sock')
  await leaveStale(path)
  t.ok((await lstat(path)).isSocket())
  await listen(t, { path, mode: 0o600 })
  t.equal(await ask(path), 'ours')
})

t.test('a live one is left alone, and named', async (t) => {
  const path = join(await makeFolder(t), 'control.sock')
  await listen(t, { path, mode: 0o600 })
  await t.rejects(listen(t, { path, mode: 0o600 }), { data: { name: 'HOST_IO' }, message: `Another daemon answers at ${path}` })
  t.equal(await ask(path), 'ours')
})

t.test('anything else in its place is refused and stays as it is', async (t) => {
  const folder = await makeFolder(t)
  const target = join(folder, 'target')
  await writeFile(target, 'precious')
  await mkdir(join(folder, 'directory'))
  await link(target, join(folder, 'file'))
  await symlink(target, join(folder, 'symlink'))
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'))
  for (const name of ['file', 'directory', 'symlink', 'dangling']) {
    const path = join(folder, name)
    const before = await lstat(path)
    await t.rejects(listen(t, { path, mode: 0o600 }), { data: { name: 'HOST_IO' }, message: `${path} is there and is not a socket` })
    t.equal((await lstat(path)).ino, before.ino)
  }
  t.equal(await readFile(target, 'utf8'), 'precious')
})

t.test('a path over 107 bytes is refused, one of 107 is not cut', async (t) => {
  const folder = await makeFolder(t)
  const fill = (length: number): string => `${folder}/`.padEnd(length, 'x')
  await t.rejects(listen(t, { path: fill(108), mode: 0o600 }), { data: { name: 'PATH_TOO_LONG' }, message: fill(108) })
  await listen(t, { path: fill(107), mode: 0o600 })
  t.equal(await ask(fill(107)), 'ours')
})

t.test('a directory in which there is no room for the path of any socket is told', async (t) => {
  const directory = `${await makeFolder(t)}/`.padEnd(100, 'd')
  await mkdir(directory)
  await t.rejects(listen(t, { path: join(directory, 's'), mode: 0o600 }), { data: { name: 'PATH_TOO_LONG' }, message: directory })
  t.same(await readdir(directory), [])
})

t.test('a directory that others can write to is refused', async (t) => {
  const folder = await makeFolder(t)
  for (const mode of [0o777, 0o1777, 0o770]) {
    await chmod(folder, mode)
    await t.rejects(listen(t, { path: join(folder, 's'), mode: 0o600 }), {
      data: { name: 'HOST_IO', hint: `chmod go-w ${folder}` },
      message: `Others can write to ${folder}`,
    })
  }
  t.same(await readdir(folder), [])
})

t.test('a directory that is not there is named', async (t) => {
  const folder = await makeFolder(t)
  await t.rejects(listen(t, { path: join(folder, 'no', 's'), mode: 0o600 }), { data: { name: 'HOST_IO' }, message: join(folder, 'no') })
})

t.test('the path is removed when it is over, but not where somebody else has it by now', async (t) => {
  const folder = await makeFolder(t)
  const path = join(folder, 'control.sock')
  const first = await listen(t, { path, mode: 0o600 })
  first.server.close()
  await listen(t, { path, mode: 0o600 })
  await first.remove()
  t.equal(await ask(path), 'ours', 'the second is untouched')
  const other = join(folder, 'other.sock')
  const { remove } = await listen(t, { path: other, mode: 0o600 })
  await remove()
  await t.rejects(lstat(other), { code: 'ENOENT' })
  await remove()
})
