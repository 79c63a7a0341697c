import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listenOnTcp } from '../../../tui/http/listen/tcp.ts'
import { listenOnUnix } from '../../../tui/http/listen/unix.ts'
import { makeTestDirectory } from '../../fakes/daemon.ts'
import { fetchFrom } from './open-door.ts'

function serve(t: Test, answer: string): Server {
  const server = createServer((_request, response) => response.end(answer))
  t.teardown(() => server.close())
  return server
}

t.test('the socket is the user\'s alone, or a group\'s as well, and is removed at the end', async (t) => {
  const folder = await makeTestDirectory(t)
  const path = join(folder, 'http.sock')
  const remove = await listenOnUnix(serve(t, 'one'), path)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal((await fetchFrom({ socketPath: path }, 'GET /')).text, 'one')
  t.strictSame(readdirSync(folder), ['http.sock'])
  await remove()
  t.strictSame(readdirSync(folder), [])
  const gid = process.getgid!()
  await listenOnUnix(serve(t, 'two'), path, gid)
  t.match(statSync(path), { gid, mode: 0o140660 })
})

t.test('one that nobody listens on is replaced', async (t) => {
  const path = join(await makeTestDirectory(t), 'http.sock')
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script]), 'exit')
  t.ok(existsSync(path))
  await listenOnUnix(serve(t, 'new'), path)
  t.equal((await fetchFrom({ socketPath: path }, 'GET /')).text, 'new')
})

t.test('one that somebody listens on stays, and so does what is no socket', async (t) => {
  const folder = await makeTestDirectory(t)
  const path = join(folder, 'http.sock')
  await listenOnUnix(serve(t, 'first'), path)
  await t.rejects(listenOnUnix(serve(t, 'second'), path), { message: /listens on .*http.sock already/, data: { name: 'HOST_IO', hint: /--unix/ } })
  t.equal((await fetchFrom({ socketPath: path }, 'GET /')).text, 'first')
  writeFileSync(join(folder, 'file'), 'x')
  symlinkSync('http.sock', join(folder, 'link'))
  for (const name of ['file', 'link']) await t.rejects(listenOnUnix(serve(t, 'x'), join(folder, name)), { message: /not a socket/ })
  t.strictSame(readdirSync(folder).sort(), ['file', 'http.sock', 'link'])
})

t.test('of many at the same moment one listens, also where one was left behind', async (t) => {
  for (const isStale of [false, true]) {
    const folder = await makeTestDirectory(t)
    const path = join(folder, 'http.sock')
    if (isStale) await once(spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]), 'exit')
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_unused, index) => listenOnUnix(serve(t, String(index)), path)))
    const won = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    t.equal(won.length, 1)
    t.equal((await fetchFrom({ socketPath: path }, 'GET /')).text, String(won[0]))
    t.strictSame(readdirSync(folder), ['http.sock'])
  }
})

t.test('what takes the socket away leaves that of another', async (t) => {
  const path = join(await makeTestDirectory(t), 'http.sock')
  const first = serve(t, 'first')
  const remove = await listenOnUnix(first, path)
  await new Promise((resolve) => first.close(resolve))
  await listenOnUnix(serve(t, 'second'), path)
  await remove()
  t.equal((await fetchFrom({ socketPath: path }, 'GET /')).text, 'second')
})

t.test('paths that cannot be, and a port that is taken, are told', async (t) => {
  const folder = await makeTestDirectory(t)
  await t.rejects(listenOnUnix(serve(t, ''), join(folder, 'x'.repeat(120))), { message: /longer than/, data: { name: 'PATH_TOO_LONG' } })
  const deep = `${folder}/${'d'.repeat(104 - folder.length)}`
  mkdirSync(deep)
  await t.rejects(listenOnUnix(serve(t, ''), `${deep}/s`), { message: /draft/, data: { name: 'PATH_TOO_LONG' } }, 'one that would fit, and its draft not')
  await t.rejects(listenOnUnix(serve(t, ''), join(folder, 'none', 'http.sock')), { message: /cannot be made/, data: { name: 'HOST_IO' } })
  const port = await listenOnTcp(serve(t, ''), '127.0.0.1', 0)
  await t.rejects(listenOnTcp(serve(t, ''), '127.0.0.1', port), { message: /already/, data: { name: 'PORT_IN_USE' } })
  await t.rejects(listenOnTcp(serve(t, ''), '192.0.2.1', 0), { message: /Cannot listen/, data: { name: 'HOST_IO' } })
})
