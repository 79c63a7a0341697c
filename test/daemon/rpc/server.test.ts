import { lstat, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createEventBus } from '../../../daemon/events.ts'
import { createDispatcher } from '../../../daemon/rpc/dispatch.ts'
import { startRpcServer } from '../../../daemon/rpc/server.ts'
import { createSubscriptions } from '../../../daemon/rpc/subscriptions.ts'
import { completeHandlers, createGate, makeFolder, noSamples, recordLog, serve, type Stubs } from './harness.ts'

const stubs: Stubs = {
  'vm.get': ({ vm }: { vm: string }) => ({ id: vm }),
  'vm.delete': ({ vm }: { vm: string }) => ({ id: vm }),
}

t.test('each socket has its access: what changes things is refused on observe.sock', async (t) => {
  const { connect } = await serve(t, stubs)
  const [control, observe] = [await connect('control'), await connect('observe')]
  for (const client of [control, observe]) client.ask(1, 'vm.get', { vm: 'web' }).ask(2, 'vm.delete', { vm: 'web' })
  t.match(await control.take(2), [{ id: 1, result: {} }, { id: 2, result: {} }])
  const answers = (await observe.take(2)).sort((a, b) => Number(a.id) - Number(b.id))
  t.match(answers, [{ id: 1, result: {} }, { id: 2, error: { data: { name: 'ACCESS_DENIED' } } }])
})

t.test('a mutation is logged with the uid and pid that the kernel tells', async (t) => {
  const { connect, lines } = await serve(t, stubs)
  await (await connect()).ask(1, 'vm.delete', { vm: 'web' }).next()
  t.match(lines, [{ method: 'vm.delete', uid: process.getuid?.(), pid: process.pid, outcome: 'ok' }])
})

t.test('the sockets have the mode and the groups given', async (t) => {
  const directory = await makeFolder(t)
  const gid = process.getuid?.() === 0 ? 12_345 : process.getgroups!().at(-1)!
  const { log } = recordLog()
  const dispatcher = createDispatcher({ handlers: completeHandlers(stubs), log })
  const server = await startRpcServer({ directory, groups: { observe: gid }, dispatcher, subscriptions: createSubscriptions(createEventBus()), sampler: noSamples, connections: new Set(), log })
  t.teardown(() => server.close())
  t.match(await stat(server.paths.control), { mode: 0o140600, gid: process.getegid?.() }, 'without a group it is the user alone')
  t.match(await stat(server.paths.observe), { mode: 0o140660, gid })
})

t.test('both sockets are opened, or none', async (t) => {
  const directory = await makeFolder(t)
  await writeFile(join(directory, 'observe.sock'), 'a file')
  const { log } = recordLog()
  const dispatcher = createDispatcher({ handlers: completeHandlers(stubs), log })
  const subscriptions = createSubscriptions(createEventBus())
  await t.rejects(startRpcServer({ directory, dispatcher, subscriptions, sampler: noSamples, connections: new Set(), log }), { data: { name: 'HOST_IO' }, message: /is not a socket/ })
  t.same(await readdir(directory), ['observe.sock'])
})

t.test('a server that closes', async (t) => {
  await t.test('lets what is in flight be answered, says farewell, and takes nothing new', async (t) => {
    const gate = createGate()
    const started = createGate()
    const { server, connect } = await serve(
      t,
      { ...stubs, 'vm.wait': () => (started.open(), gate.promise.then(() => ({ waited: true }))) },
      { shutdownMs: 60_000 },
    )
    const [busy, idle] = [await connect(), await connect('observe')]
    await idle.ask(1, 'vm.get', { vm: 'web' }).next()
    busy.ask(1, 'vm.wait', { vm: 'web' })
    await started.promise
    const closed = server.close()
    t.equal(server.close(), closed, 'once')
    t.match(await idle.rest(), [{ method: 'disconnect', params: { name: 'SHUTTING_DOWN' } }])
    await t.rejects(connect(), /ENOENT|ECONNREFUSED/)
    gate.open()
    t.match(await busy.rest(), [{ id: 1, result: { waited: true } }, { method: 'disconnect', params: { name: 'SHUTTING_DOWN' } }])
    for (const client of [busy, idle]) client.socket.end()
    await closed
    for (const path of Object.values(server.paths)) await t.rejects(lstat(path), { code: 'ENOENT' })
  })

  await t.test('does not wait for ever, and tells the handlers that nobody waits', async (t) => {
    const started = createGate()
    let aborted = false
    const { server, connect } = await serve(
      t,
      {
        'vm.wait': (_params, { signal }) => {
          signal.addEventListener('abort', () => (aborted = true))
          started.open()
          return new Promise(() => undefined)
        },
      },
      { shutdownMs: 50 },
    )
    const client = await connect()
    client.ask(1, 'vm.wait', { vm: 'web' })
    await started.promise
    const closed = server.close()
    t.match(await client.rest(), [{ method: 'disconnect', params: { name: 'SHUTTING_DOWN' } }])
    t.ok(aborted)
    await closed
    t.pass('even where the client does not close its end')
  })

  await t.test('ends connections that were taken over', async (t) => {
    const { server, connect } = await serve(t, { 'vm.console': (_params, { upgrade }) => (upgrade((socket) => socket.resume()), {}) })
    const client = await connect()
    await client.ask(1, 'vm.console', { vm: 'web' }).next()
    await server.close()
    t.same(await client.rest(), [])
  })
})
