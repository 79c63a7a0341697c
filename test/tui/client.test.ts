import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SocketChoice } from '../../tui/find-socket.ts'
import { ConnectionError, connect, RpcError, type Client } from '../../tui/client.ts'
import { FakeError, makeTestDirectory, startFakeDaemon, type FakeAnswer } from '../fakes/daemon.ts'

async function connectTo(t: Test, answers: Record<string, FakeAnswer>): Promise<Client> {
  const { socket } = await startFakeDaemon(t, answers)
  const client = await connect({ socket, env: {}, access: 'control' })
  t.teardown(() => client.close())
  return client
}

/** Never answers. */
const silent = (): Promise<never> => new Promise(() => {})

t.test('a call answers with the result, however the answers are ordered', async (t) => {
  let release = (): void => {}
  const first = new Promise<void>((resolve) => (release = resolve))
  const client = await connectTo(t, {
    'vm.get': ({ params }) => first.then(() => ({ id: params['vm'] })),
    'vm.list': () => (release(), { vms: [] }),
  })
  const [one, list] = await Promise.all([client.call('vm.get', { vm: 'web' }), client.call('vm.list', {})])
  t.strictSame([one.id, list.vms], ['web', []])
})

t.test('an error of the daemon keeps its code, name, field and hint', async (t) => {
  const data = { name: 'INVALID_PARAMS', field: 'vm', hint: 'a name' }
  const client = await connectTo(t, { 'vm.get': () => new FakeError(-32602, 'vm: too long', data) })
  const failure = await client.call('vm.get', { vm: 'x' }).catch((error: unknown) => error)
  t.ok(failure instanceof RpcError)
  t.match(failure, { code: -32602, name: 'INVALID_PARAMS', message: 'vm: too long', field: 'vm', hint: 'a name' })
})

t.test('progress reaches the call that it is about', async (t) => {
  const client = await connectTo(t, {
    'vm.start': ({ id, params, notify }) => (notify('progress', { request: id, message: `booting ${String(params['vm'])}` }), {}),
  })
  const seen: string[] = []
  const start = (vm: string) => client.call('vm.start', { vm }, { onProgress: ({ message }) => seen.push(`${vm}: ${message}`) })
  await Promise.all([start('a'), start('b')])
  t.strictSame(seen.sort(), ['a: booting a', 'b: booting b'])
})

t.test('notifications come until they are not wanted any more', async (t) => {
  const event = { kind: 'image.deleted', at: 'now', image: 'tiny' }
  const client = await connectTo(t, { 'image.list': ({ notify }) => (notify('event', event), { images: [] }) })
  const seen: unknown[] = []
  const stop = client.onNotification('event', (news) => seen.push(news))
  await client.call('image.list', {})
  stop()
  await client.call('image.list', {})
  t.strictSame(seen, [event])
})

t.test('an answer in pieces, or longer than a request may be, is read whole', async (t) => {
  const vms = Array.from({ length: 3000 }, () => ({ name: 'größe'.repeat(100) }))
  const client = await connectTo(t, { 'vm.list': () => ({ vms }) })
  t.equal((await client.call('vm.list', {})).vms.length, 3000)
})

t.test('no answer in time is an error, and the connection lives on', async (t) => {
  const client = await connectTo(t, { 'vm.get': silent, 'image.list': () => ({ images: [] }) })
  await t.rejects(client.call('vm.get', { vm: 'x' }, { timeoutMs: 20 }), { name: 'ConnectionError', problem: 'timeout' })
  t.strictSame(await client.call('image.list', {}), { images: [] })
})

t.test('when the daemon goes, everything that waits fails with its reason', async (t) => {
  const client = await connectTo(t, {
    'vm.get': silent,
    'image.list': ({ socket, notify }) => {
      notify('disconnect', { name: 'SHUTTING_DOWN', message: 'the daemon stops' })
      socket.end()
      return silent()
    },
  })
  const lost = { name: 'ConnectionError', problem: 'lost', message: 'disconnected: the daemon stops' }
  const waiting = client.call('vm.get', { vm: 'x' })
  await Promise.all([t.rejects(waiting, lost), t.rejects(client.call('image.list', {}), lost)])
  t.match(await client.closed, lost)
  await t.rejects(client.call('vm.list', {}), lost, 'and so does what is asked later')
})

t.test('closing settles what waits and says that it was wanted', async (t) => {
  const client = await connectTo(t, { 'vm.get': silent })
  const waiting = client.call('vm.get', { vm: 'x' })
  client.close()
  await t.rejects(waiting, { name: 'ConnectionError', problem: 'lost' })
  t.equal(await client.closed, undefined)
})

t.test('what is not JSON-RPC is told apart from a daemon', async (t) => {
  for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '[]\n', 'null\n', '\u00ff\n']) {
    const directory = await makeTestDirectory(t)
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(Buffer.from(answer, 'latin1'))
    })
    t.teardown(() => server.close())
    await new Promise<void>((resolve) => server.listen(join(directory, 's'), resolve))
    const client = await connect({ socket: join(directory, 's'), env: {}, access: 'observe' })
    await t.rejects(client.call('vm.list', {}), { name: 'ConnectionError', problem: 'invalid' }, JSON.stringify(answer))
  }
})

t.test('after an upgrade every byte behind the answer is raw', async (t) => {
  const raw = Buffer.from([0x0a, 0xff, 0x7b, 0x0a])
  const { socket } = await startFakeDaemon(t, {
    'vm.console': ({ id, socket: connection }) => {
      connection.cork()
      connection.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { vm: 'adbvzwdf' } })}\n`)
      connection.write(raw)
      connection.uncork()
      return silent()
    },
  })
  const client = await connect({ socket, env: {}, access: 'control' })
  t.teardown(() => client.close())
  const upgraded = await client.upgrade('vm.console', { vm: 'web' })
  let bytes = Buffer.from(upgraded.early)
  while (bytes.length < raw.length) {
    upgraded.socket.resume()
    const [chunk] = (await once(upgraded.socket, 'data')) as [Buffer]
    bytes = Buffer.concat([bytes, chunk])
  }
  t.strictSame(bytes, raw)
})

t.test('observing is content with the observe socket, controlling is not', async (t) => {
  const answers = { 'vm.list': () => ({ vms: [] }) }
  const { directory } = await startFakeDaemon(t, answers, { names: ['observe.sock'] })
  const client = await connect({ directory, env: {}, access: 'observe' })
  t.equal(client.socketPath, join(directory, 'observe.sock'))
  client.close()
  const absent = { name: 'ConnectionError', problem: 'absent', socket: join(directory, 'control.sock') }
  await t.rejects(connect({ directory, env: {}, access: 'control' }), absent)
})

t.test('an own daemon goes before the host\'s, and one that died is not passed over', async (t) => {
  const runtime = await makeTestDirectory(t)
  const answers = { 'vm.list': () => ({ vms: [] }) }
  const { socket } = await startFakeDaemon(t, answers, { directory: join(runtime, 'aetherscale') })
  const choice: SocketChoice = { env: { XDG_RUNTIME_DIR: runtime }, access: 'control' }
  const client = await connect(choice)
  t.equal(client.socketPath, socket)
  client.close()

  const stale = await makeTestDirectory(t)
  await leaveSocketBehind(join(stale, 'control.sock'))
  const failure = await connect({ directory: stale, env: {}, access: 'observe' }).catch((error: unknown) => error)
  t.ok(failure instanceof ConnectionError)
  t.match(failure, { problem: 'refused', hint: /aetherscaled/ })
})

t.test('a path that would be cut is refused', async (t) => {
  await t.rejects(connect({ socket: `/tmp/${'x'.repeat(103)}`, env: {}, access: 'observe' }), { name: 'UserError', data: { name: 'PATH_TOO_LONG' } })
})

/** A socket file without a listener, as a killed daemon leaves it. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('close', resolve))
}
