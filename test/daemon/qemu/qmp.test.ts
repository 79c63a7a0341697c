import { join } from 'node:path'
import t from 'tap'
import { connectQmp, QmpClosed, QmpError, QmpTimeout, type QmpEvent } from '../../../daemon/qemu/qmp.ts'
import { UserError } from '../../../policy/errors.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { GREETING, startFakeQmp, type QmpCommand } from '../../fakes/qmp-server.ts'
import { listenOnSocket } from '../../fakes/socket-server.ts'
import { startQemu } from './start-qemu.ts'

/** For what is to fail by itself: far beyond what it takes. */
const LONG_MS = 60_000

function pathIn(t: Parameters<typeof makeFolder>[0]): string {
  return join(makeFolder(t), 'qmp.sock')
}

t.test('negotiates capabilities before anything else', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeQmp(t, path, { answer: ({ id }) => ({ return: { status: 'running' }, id }) })
  const qmp = await connectQmp(path)
  t.same(await qmp.execute('query-status'), { status: 'running' })
  t.same(fake.commands.map(({ execute }) => execute), ['qmp_capabilities', 'query-status'])
  qmp.close()
  await qmp.closed
})

t.test('passes arguments on', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeQmp(t, path, { answer: ({ id }) => ({ return: {}, id }) })
  const qmp = await connectQmp(path)
  await qmp.execute('qom-get', { path: '/machine', property: 'type' })
  t.same(fake.commands.at(-1)?.arguments, { path: '/machine', property: 'type' })
  qmp.close()
})

t.test('matches answers by id, in whatever order they come', async (t) => {
  const path = pathIn(t)
  const asked: QmpCommand[] = []
  await startFakeQmp(t, path, {
    answer: (command) => {
      asked.push(command)
      return asked.length < 3 ? [] : asked.toReversed().map(({ execute, id }) => ({ return: execute, id }))
    },
  })
  const qmp = await connectQmp(path)
  t.same(await Promise.all(['a', 'b', 'c'].map((command) => qmp.execute(command))), ['a', 'b', 'c'])
  qmp.close()
})

t.test("QEMU's refusal has class and description", async (t) => {
  const path = pathIn(t)
  await startFakeQmp(t, path, { answer: ({ id }) => ({ error: { class: 'CommandNotFound', desc: 'no such thing' }, id }) })
  const qmp = await connectQmp(path)
  const error = await qmp.execute('nonsense').catch((thrown: unknown) => thrown)
  t.ok(error instanceof QmpError)
  t.match(error, { class: 'CommandNotFound', desc: 'no such thing', message: 'nonsense: no such thing' })
  qmp.close()
})

t.test('a command that gets no answer times out, its late answer harms nobody, the connection goes on', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeQmp(t, path, { answer: ({ execute, id }) => (execute === 'slow' ? [] : { return: execute, id }) })
  const qmp = await connectQmp(path)
  await t.rejects(qmp.execute('slow', {}, { timeoutMs: 10 }), QmpTimeout)
  fake.send({ return: 'too late', id: fake.commands.at(-1)?.id })
  t.equal(await qmp.execute('quick'), 'quick')
  qmp.close()
})

t.test('events come in order, between answers, to every listener until it ends that', async (t) => {
  const path = pathIn(t)
  const event = (name: string): object => ({ event: name, data: { n: 1 }, timestamp: { seconds: 1, microseconds: 500_000 } })
  await startFakeQmp(t, path, { answer: ({ id }) => [event('STOP'), event('RESUME'), { return: {}, id }, event('SHUTDOWN')] })
  const qmp = await connectQmp(path)
  const first: QmpEvent[] = []
  const second: string[] = []
  qmp.onEvent((heard) => first.push(heard))
  const end = qmp.onEvent((heard) => second.push(heard.event))
  await qmp.execute('x')
  end()
  await qmp.execute('y')
  t.same(first.slice(0, 5).map((heard) => heard.event), ['STOP', 'RESUME', 'SHUTDOWN', 'STOP', 'RESUME'])
  t.same(first[0], { event: 'STOP', data: { n: 1 }, at: new Date(1500) })
  t.same(second.slice(0, 2), ['STOP', 'RESUME'])
  t.notOk(second.length > 3)
  qmp.close()
})

t.test('messages in pieces and several at once are read alike', async (t) => {
  const path = pathIn(t)
  const greeting = `${JSON.stringify(GREETING)}\r\n`
  const event = '{"event":"A","timestamp":{"seconds":-1,"microseconds":-1}}'
  await listenOnSocket(t, path, (client) => {
    const inPieces = (text: string): void => {
      client.write(text.slice(0, 20), () => client.write(text.slice(20)))
    }
    client.on('data', (chunk: Buffer) => {
      if (chunk.includes('qmp_capabilities')) client.write(`\r\n${event}\n{"return":{},"id":1}\n${event}\n`)
      if (chunk.includes('last')) inPieces(`{"return":"two","id":2}\n`)
    })
    inPieces(greeting)
  })
  const qmp = await connectQmp(path)
  t.equal(await qmp.execute('last'), 'two')
  qmp.close()
})

t.test('when QEMU hangs up, whoever waits is told, and so is who asks later', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeQmp(t, path, {
    answer: () => {
      fake.hangUp()
      return []
    },
  })
  const qmp = await connectQmp(path)
  const waiting = ['a', 'b'].map((command) => qmp.execute(command, {}, { timeoutMs: LONG_MS }))
  for (const outcome of await Promise.allSettled(waiting)) {
    t.equal(outcome.status, 'rejected')
    t.ok(outcome.status === 'rejected' && outcome.reason instanceof QmpClosed)
  }
  await qmp.closed
  await t.rejects(qmp.execute('c'), QmpClosed)
})

t.test('closing rejects what is pending', async (t) => {
  const path = pathIn(t)
  await startFakeQmp(t, path)
  const qmp = await connectQmp(path)
  const pending = qmp.execute('never', {}, { timeoutMs: LONG_MS })
  qmp.close()
  await t.rejects(pending, QmpClosed)
  await qmp.closed
})

t.test('garbage ends the connection with an error', async (t) => {
  const garbage: [string, Uint8Array][] = [
    ['no JSON', Buffer.from('hello\n')],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 10])],
    ['no object', Buffer.from('[]\n')],
    ['null', Buffer.from('null\n')],
    ['an object of another protocol', Buffer.from('{"jsonrpc":"2.0"}\n')],
    ['an error that is none', Buffer.from('{"error":"oops"}\n')],
    ['an event without its time', Buffer.from('{"event":"STOP"}\n')],
    ['a line without end', Buffer.alloc(4_194_305, 'x')],
  ]
  for (const [title, bytes] of garbage) {
    const path = pathIn(t)
    const fake = await startFakeQmp(t, path)
    const qmp = await connectQmp(path)
    const pending = qmp.execute('x', {}, { timeoutMs: LONG_MS })
    fake.send(bytes)
    await t.rejects(pending, { name: 'QmpClosed', message: /does not speak QMP/ }, title)
    await qmp.closed
  }
})

t.test('who accepts and never greets is given up', async (t) => {
  const path = pathIn(t)
  await startFakeQmp(t, path, { greeting: false })
  await t.rejects(connectQmp(path, { timeoutMs: 50 }), QmpTimeout)
})

t.test('who greets and never agrees on capabilities is given up', async (t) => {
  const path = pathIn(t)
  await listenOnSocket(t, path, (client) => client.write(`${JSON.stringify(GREETING)}\n`))
  await t.rejects(connectQmp(path, { timeoutMs: 50 }), QmpTimeout)
})

t.test('where nobody listens, the cause is kept', async (t) => {
  await t.rejects(connectQmp(pathIn(t)), { name: 'QmpClosed', cause: { code: 'ENOENT' } })
})

t.test('a path that would be cut is refused', async (t) => {
  const error = await connectQmp(`/tmp/${'x'.repeat(103)}`).catch((thrown: unknown) => thrown)
  t.ok(error instanceof UserError && error.data.name === 'PATH_TOO_LONG')
})

t.test('a real QEMU', async (t) => {
  const path = pathIn(t)
  const argv = ['-S', '-machine', 'none', '-nodefaults', '-display', 'none', '-qmp', `unix:${path},server=on,wait=off`]
  const { qmp, ended } = await startQemu(t, argv, path, `${path}.log`)
  t.match(await qmp.execute('query-version'), { qemu: { major: Number } })
  t.ok(JSON.stringify(await qmp.execute('query-qmp-schema')).length > 100_000, 'a long answer')
  await t.rejects(qmp.execute('nonsense'), { name: 'QmpError', class: 'CommandNotFound' })
  await t.rejects(connectQmp(path, { timeoutMs: 100 }), QmpTimeout, 'QEMU serves one client at a time')
  t.match(await qmp.execute('query-status'), { status: 'prelaunch' }, 'and goes on with the first')

  const shutdown = new Promise<QmpEvent>((resolve) => {
    qmp.onEvent((event) => {
      if (event.event === 'SHUTDOWN') resolve(event)
    })
  })
  await qmp.execute('quit')
  t.match((await shutdown).data, { guest: false, reason: 'host-qmp-quit' })
  await qmp.closed
  t.equal(await ended, 0)
})
