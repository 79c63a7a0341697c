import { connect as openSocket } from 'node:net'
import t from 'tap'
import { UserError } from '../../../policy/errors.ts'
import { LINE_LIMIT } from '../../../policy/wire.ts'
import { createGate, serve, type Stubs } from './harness.ts'

const echo: Stubs = { 'vm.get': ({ vm }: { vm: string }) => ({ id: vm }) }
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const requestLine = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'vm.get', params: { vm: 'web' } })

t.test('a line may come byte by byte, and several in one chunk', async (t) => {
  const client = await (await serve(t, echo)).connect()
  client.socket.setNoDelay(true)
  for (const byte of Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 'ä€😀', method: 'vm.get', params: { vm: 'web' } })}\n`)) {
    client.socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  t.match(await client.next(), { id: 'ä€😀', result: { id: 'web' } })
  client.sendText(requestLine(1), requestLine(2), `${requestLine(3)}\r`)
  t.same((await client.take(3)).map(({ id }) => id), [1, 2, 3])
})

t.test('empty lines ask nothing', async (t) => {
  const client = await (await serve(t, echo)).connect()
  client.sendText('', ' ', '\r', '\t', requestLine(1))
  t.match(await client.next(), { id: 1 })
})

t.test('a line that is not UTF-8 is a parse error, and the connection stays', async (t) => {
  const client = await (await serve(t, echo)).connect()
  client.socket.write(Buffer.from([0xff, 0xfe, 10]))
  t.match(await client.next(), { id: null, error: { code: -32700, data: { name: 'PARSE_ERROR' } } })
  client.sendText('\uFEFF{}', requestLine(1))
  t.match(await client.next(), { id: null, error: { code: -32700 } }, 'a byte order mark is no JSON')
  t.match(await client.next(), { id: 1, result: { id: 'web' } })
})

t.test('a client that ends its side still gets every answer, then the end', async (t) => {
  const gate = createGate()
  const { connect } = await serve(t, { ...echo, 'vm.wait': () => gate.promise.then(() => ({ id: 'waited' })) })
  const client = await connect()
  client.ask(1, 'vm.wait', { vm: 'web' })
  client.socket.end(requestLine(2))
  t.match(await client.next(), { id: 2 }, 'a last line without its newline is one')
  gate.open()
  t.match(await client.rest(), [{ id: 1, result: { id: 'waited' } }])
})

t.test('a subscriber that ends its side still gets its events', async (t) => {
  const { connect, events } = await serve(t, { 'events.subscribe': (_params, { subscribe }) => (subscribe(['vm.deleted']), {}) })
  const client = await connect('observe')
  client.ask(1, 'events.subscribe')
  client.socket.end()
  t.match(await client.next(), { id: 1 })
  events.emit({ kind: 'vm.deleted', vm: 'adbvzwdf' as never })
  t.match(await client.next(), { method: 'event', params: { kind: 'vm.deleted', vm: 'adbvzwdf', at: String } })
})

t.test('of past events a subscriber is told before the answer, and then of new ones', async (t) => {
  const { connect, events } = await serve(t, { 'events.subscribe': (_params, { subscribe }) => (subscribe(['vm.deleted'], 2), {}) })
  const emit = (vm: string): void => events.emit({ kind: 'vm.deleted', vm: vm as never })
  for (const vm of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) emit(vm)
  const client = (await connect('observe')).ask(1, 'events.subscribe')
  t.match(await client.take(3), [{ params: { vm: 'bbbbbbbb' } }, { params: { vm: 'cccccccc' } }, { id: 1 }])
  emit('dddddddd')
  t.match(await client.next(), { params: { vm: 'dddddddd' } })
})

t.test('answers come when they are ready, not in the order of the questions', async (t) => {
  const gate = createGate()
  const client = await (await serve(t, { ...echo, 'vm.wait': () => gate.promise.then(() => ({})) })).connect()
  client.ask(1, 'vm.wait', { vm: 'web' }).ask(2, 'vm.get', { vm: 'web' })
  t.match(await client.next(), { id: 2 })
  gate.open()
  t.match(await client.next(), { id: 1 })
})

t.test('progress reaches the connection that asked, before the answer', async (t) => {
  const { connect } = await serve(t, {
    'vm.start': (_params, { progress }) => {
      progress('booting', 0.5)
      return {}
    },
  })
  const [asking, other] = [await connect(), await connect()]
  asking.ask('a', 'vm.start', { vm: 'web' })
  t.same(await asking.next(), { jsonrpc: '2.0', method: 'progress', params: { request: 'a', message: 'booting', fraction: 0.5 } })
  t.match(await asking.next(), { id: 'a', result: {} })
  other.socket.end()
  t.same(await other.rest(), [])
})

t.test('a handler learns that nobody waits any more', async (t) => {
  const started = createGate()
  const aborted = createGate()
  const wait: Stubs = {
    'vm.wait': async (_params, { signal }) => {
      signal.addEventListener('abort', () => aborted.open())
      started.open()
      await aborted.promise
      throw new UserError('VM_WAIT_TIMEOUT', 'gone')
    },
  }
  const client = await (await serve(t, wait, { hangUpCheckMs: 10 })).connect()
  client.ask(1, 'vm.wait', { vm: 'web' })
  await started.promise
  client.socket.destroy()
  await aborted.promise
  t.pass('though nothing was written to the connection')
})

t.test('a client that has only ended its side is not taken for gone', async (t) => {
  const gate = createGate()
  let aborted = false
  const { connect } = await serve(
    t,
    {
      ...echo,
      'vm.wait': (_params, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true))
        return gate.promise.then(() => ({ aborted }))
      },
    },
    { hangUpCheckMs: 1 },
  )
  const client = await connect()
  client.ask(1, 'vm.wait', { vm: 'web' })
  client.socket.end()
  // Another connection's checks come round while this one is looked at many times.
  const other = await connect()
  for (const id of numbers(200)) await other.sendText(requestLine(id)).next()
  gate.open()
  t.match(await client.next(), { id: 1, result: { aborted: false } })
})

t.test('a line over the limit is answered, and the connection closed with a reason', async (t) => {
  const gate = createGate()
  const { connect } = await serve(t, { ...echo, 'vm.wait': () => gate.promise.then(() => ({})) })
  const client = await connect()
  client.ask(1, 'vm.wait', { vm: 'web' })
  client.socket.write('x'.repeat(LINE_LIMIT + 1))
  t.match(await client.next(), { id: null, error: { code: -32002, data: { name: 'LINE_TOO_LONG' } } })
  client.sendText('', requestLine(2))
  gate.open()
  t.match(await client.rest(), [{ id: 1 }, { method: 'disconnect', params: { name: 'LINE_TOO_LONG' } }], 'what was asked before is answered')
  t.match(await (await connect()).sendText(requestLine(3)).next(), { id: 3 }, 'others are not concerned')
})

t.test('a line of exactly the limit is taken', async (t) => {
  const client = await (await serve(t, echo)).connect()
  const line = requestLine(1)
  client.sendText(line.padEnd(LINE_LIMIT, ' '))
  t.match(await client.next(), { id: 1 })
})

t.test('no more requests are taken than may be in flight, and all are answered in the end', async (t) => {
  const gate = createGate()
  let running = 0
  let most = 0
  const stubs: Stubs = {
    'vm.get': async () => {
      most = Math.max(most, ++running)
      await gate.promise
      running -= 1
      return { most }
    },
    'vm.list': () => ({ running }),
  }
  const { connect } = await serve(t, stubs, { inFlight: 8 })
  const client = await connect()
  client.sendText(...numbers(1000).map(requestLine))
  const other = await connect()
  for (let seen = 0; seen < 8; ) seen = ((await other.ask(0, 'vm.list').next()).result as { running: number }).running
  gate.open()
  const answers = await client.take(1000)
  t.equal(most, 8)
  t.same(answers.map(({ id }) => id).sort((a, b) => Number(a) - Number(b)), numbers(1000))
})

t.test('a thousand requests at once are answered, in order where handlers answer at once', async (t) => {
  const client = await (await serve(t, echo)).connect()
  client.sendText(...numbers(1000).map(requestLine))
  t.same((await client.take(1000)).map(({ id }) => id), numbers(1000))
})

t.test('a client that reads on gets more than may be waiting for it', async (t) => {
  const big = 'x'.repeat(100_000)
  const { connect } = await serve(t, { 'vm.get': () => ({ big }) }, { unsentBytes: 200_000, inFlight: 4 })
  const client = await connect()
  client.sendText(...numbers(100).map(requestLine))
  t.same((await client.take(100)).map(({ id }) => id), numbers(100))
})

t.test('an upgrade', async (t) => {
  await t.test('hands over the socket after the answer, with the bytes behind the request', async (t) => {
    const { server } = await serve(t, {
      'vm.console': ({ vm }: { vm: string }, { upgrade }) => {
        upgrade((socket, early) => {
          socket.write(Buffer.concat([Buffer.from('raw:'), early, Buffer.from('\n')]))
          socket.on('data', (chunk) => socket.write(chunk))
          socket.resume()
        })
        return { vm }
      },
    })
    const socket = openSocket({ path: server.paths.control, allowHalfOpen: true })
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.console', params: { vm: 'web' } })}\n{"early"}`)
    let received = ''
    for await (const chunk of socket.setEncoding('utf8')) {
      received += chunk
      if (received.includes('raw:') && !socket.writableEnded) socket.end('{"jsonrpc":"2.0"}\nnot json\n')
    }
    t.equal(received, '{"jsonrpc":"2.0","id":1,"result":{"vm":"web"}}\nraw:{"early"}\n{"jsonrpc":"2.0"}\nnot json\n')
  })

  await t.test('that fails leaves the connection as it was', async (t) => {
    const { connect } = await serve(t, {
      ...echo,
      'vm.console': async (_params, { upgrade }) => {
        upgrade(() => t.fail('taken over'))
        await Promise.resolve()
        throw new UserError('VM_NOT_RUNNING', 'web is stopped')
      },
    })
    const client = await connect()
    client.ask(1, 'vm.console', { vm: 'web' }).sendText(requestLine(2))
    t.match(await client.next(), { id: 1, error: { data: { name: 'VM_NOT_RUNNING' } } })
    t.match(await client.next(), { id: 2, result: {} }, 'what came behind it is read as JSON')
  })

  await t.test('waits for the answers to what was asked before', async (t) => {
    const gate = createGate()
    const { connect } = await serve(t, {
      'vm.wait': () => gate.promise.then(() => ({})),
      'vm.console': (_params, { upgrade }) => {
        upgrade((socket) => socket.end('raw'))
        gate.open()
        return {}
      },
    })
    const client = await connect()
    client.ask(1, 'vm.wait', { vm: 'web' }).ask(2, 'vm.console', { vm: 'web' })
    t.same((await client.take(2)).map(({ id }) => id), [1, 2])
    client.socket.end()
  })

  await t.test('of a client that has gone meanwhile still reaches the taker, who may hold something for it', async (t) => {
    const gone = createGate()
    const taken = createGate<boolean>()
    const { connect } = await serve(
      t,
      {
        'vm.console': async (_params, { upgrade, signal }) => {
          signal.addEventListener('abort', () => gone.open())
          await gone.promise
          upgrade((socket) => taken.open(socket.destroyed))
          return {}
        },
        'vm.get': () => ({}),
      },
      { hangUpCheckMs: 5 },
    )
    const client = await connect()
    await client.sendText(requestLine(1)).next()
    await new Promise<void>((resolve) => {
      client.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vm.console', params: { vm: 'web' } })}\n`, () => resolve())
    })
    client.socket.destroy()
    t.equal(await taken.promise, true)
  })

  await t.test('ends when the client ends its side', async (t) => {
    const { connect } = await serve(t, { 'vm.console': (_params, { upgrade }) => (upgrade((socket) => socket.resume()), {}) })
    const client = await connect()
    await client.ask(1, 'vm.console', { vm: 'web' }).next()
    client.socket.end()
    t.same(await client.rest(), [])
  })

  await t.test('is refused where only observing is allowed', async (t) => {
    const client = await (await serve(t, {})).connect('observe')
    client.ask(1, 'vm.console', { vm: 'web' }).ask(2, 'nothing')
    t.match(await client.next(), { id: 1, error: { data: { name: 'ACCESS_DENIED' } } })
    t.match(await client.next(), { id: 2, error: { data: { name: 'METHOD_NOT_FOUND' } } })
  })
})
