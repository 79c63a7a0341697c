import t from 'tap'
import { errorTable, UserError } from '../../../policy/errors.ts'
import { BATCH_LIMIT } from '../../../policy/wire.ts'
import type { Caller } from '../../../daemon/rpc/call.ts'
import { createDispatcher, type DispatcherOptions } from '../../../daemon/rpc/dispatch.ts'
import { completeHandlers, recordLog, type LogLine, type Message, type Stubs } from './harness.ts'

const peer = { pid: 42, uid: 1000, gid: 1000 }
const caller: Caller = {
  access: 'control',
  peer,
  signal: new AbortController().signal,
  notify: () => undefined,
  subscribe: () => undefined,
  sample: () => undefined,
  hold: () => undefined,
  upgrade: () => undefined,
}
const { PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS } = errorTable

interface Bench {
  readonly ask: (line: string, from?: Partial<Caller>) => Promise<Message | Message[] | undefined>
  readonly lines: LogLine[]
  readonly calls: unknown[]
}

const stubs: Stubs = {
  'vm.get': ({ vm }: { vm: string }) => ({ id: vm }),
  'vm.list': () => ({ vms: [] }),
  'vm.delete': ({ vm }: { vm: string }) => ({ id: vm }),
}

function createBench(more: Stubs = {}, options: Partial<DispatcherOptions> = {}): Bench {
  const calls: unknown[] = []
  const counted = Object.fromEntries(
    Object.entries({ ...stubs, ...more }).map(([name, stub]) => [
      name,
      (params: never, context: never) => {
        calls.push([name, params])
        return stub(params, context)
      },
    ]),
  ) as Stubs
  const { log, lines } = recordLog()
  const dispatch = createDispatcher({ handlers: completeHandlers(counted), log, ...options })
  const ask: Bench['ask'] = async (line, from) => {
    const answer = await new Promise<string | undefined>((resolve) => dispatch(line, { ...caller, ...from }, resolve))
    return answer === undefined ? undefined : (JSON.parse(answer) as Message)
  }
  return { ask, lines, calls }
}

const failure = (id: unknown, { code }: { code: number }, name: string): unknown => ({
  jsonrpc: '2.0',
  id,
  error: { code, message: String, data: { name } },
})
const invalid = failure(null, INVALID_REQUEST, 'INVALID_REQUEST')

t.test('the examples of JSON-RPC 2.0, section 7', async (t) => {
  const { ask, calls } = createBench()
  t.same(await ask('{"jsonrpc": "2.0", "method": "vm.get", "params": {"vm": "web"}, "id": 3}'), { jsonrpc: '2.0', result: { id: 'web' }, id: 3 })
  t.match(await ask('{"jsonrpc": "2.0", "method": "vm.get", "params": ["web"], "id": 1}'), failure(1, INVALID_PARAMS, 'INVALID_PARAMS'), 'by position')

  calls.length = 0
  t.equal(await ask('{"jsonrpc": "2.0", "method": "vm.get", "params": {"vm": "web"}}'), undefined, 'a notification')
  t.equal(calls.length, 1, 'which is carried out')
  t.equal(await ask('{"jsonrpc": "2.0", "method": "foobar"}'), undefined, 'a notification of no method')

  t.match(await ask('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}'), failure('1', METHOD_NOT_FOUND, 'METHOD_NOT_FOUND'))
  t.match(await ask('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]'), failure(null, PARSE_ERROR, 'PARSE_ERROR'))
  t.match(await ask('{"jsonrpc": "2.0", "method": 1, "params": "bar"}'), invalid)

  const broken = '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]'
  t.match(await ask(broken), failure(null, PARSE_ERROR, 'PARSE_ERROR'))
  const empty = await ask('[]')
  t.match(empty, invalid)
  t.notOk(Array.isArray(empty), 'an empty batch is answered by an object')
  t.match(await ask('[1]'), [invalid])
  t.match(await ask('[1,2,3]'), [invalid, invalid, invalid])

  const mixed = await ask(`[
    {"jsonrpc": "2.0", "method": "vm.get", "params": {"vm": "a"}, "id": "1"},
    {"jsonrpc": "2.0", "method": "vm.list", "params": {}},
    {"jsonrpc": "2.0", "method": "vm.get", "params": {"vm": "b"}, "id": "2"},
    {"foo": "boo"},
    {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
    {"jsonrpc": "2.0", "method": "vm.list", "id": "9"}
  ]`)
  t.match(mixed, [
    { id: '1', result: { id: 'a' } },
    { id: '2', result: { id: 'b' } },
    invalid,
    failure('5', METHOD_NOT_FOUND, 'METHOD_NOT_FOUND'),
    { id: '9', result: { vms: [] } },
  ])
  t.equal((mixed as Message[]).length, 5)
  const notifications = '[{"jsonrpc": "2.0", "method": "vm.list"},{"jsonrpc": "2.0", "method": "vm.list"}]'
  t.equal(await ask(notifications), undefined, 'a batch of notifications alone')
})

t.test('where json-rpc-2.0 deviates from the specification', async (t) => {
  const { ask } = createBench()
  for (const value of ['null', '0', '""', 'true']) t.match(await ask(value), invalid, value)
  t.match(await ask('[null]'), [invalid])
  t.match(await ask('{"jsonrpc":"2.0","method":1,"id":7}'), failure(7, INVALID_REQUEST, 'INVALID_REQUEST'))
  t.match(await ask('{"jsonrpc":"2.0","method":"vm.list","id":{}}'), invalid)
  const alone = await ask('[{"jsonrpc":"2.0","method":"vm.list","id":1}]')
  t.ok(Array.isArray(alone), 'a batch of one answers a list')
  t.match(await ask('{"jsonrpc":"2.0","method":"vm.list","id":null}'), { id: null, result: {} }, 'a null id is an id')
})

t.test('notifications are never answered, whatever is wrong with them', async (t) => {
  const { ask, lines } = createBench({
    'vm.list': () => {
      throw new Error('secret')
    },
  })
  t.equal(await ask('{"jsonrpc":"2.0","method":"vm.list"}'), undefined)
  t.match(lines, [{ err: { message: 'secret' } }], 'but the defect is in the log')
  t.equal(await ask('{"jsonrpc":"2.0","method":"vm.get","params":[1]}'), undefined)
  t.equal(await ask('{"jsonrpc":"2.0","method":"vm.delete","params":{"vm":"a"}}', { access: 'observe' }), undefined)
})

t.test('inherited properties are no methods', async (t) => {
  const { ask } = createBench()
  for (const method of ['constructor', 'toString', '__proto__', 'hasOwnProperty', '']) {
    t.match(await ask(JSON.stringify({ jsonrpc: '2.0', method, id: 1 })), failure(1, METHOD_NOT_FOUND, 'METHOD_NOT_FOUND'), method)
    t.match(await ask(JSON.stringify([{ jsonrpc: '2.0', method, id: 1 }])), [failure(1, METHOD_NOT_FOUND, 'METHOD_NOT_FOUND')])
  }
})

t.test('deep nesting and __proto__ keys do no harm', async (t) => {
  const { ask, lines } = createBench()
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  t.match(await ask(deep), [invalid])
  for (const method of ['vm.get', 'vm.delete']) {
    t.match(await ask(`{"jsonrpc":"2.0","method":"${method}","params":{"vm":${deep}},"id":1}`), failure(1, INVALID_PARAMS, 'INVALID_PARAMS'))
    t.match(await ask(`{"jsonrpc":"2.0","method":"${method}","params":${deep},"id":1}`), failure(1, INVALID_PARAMS, 'INVALID_PARAMS'))
  }
  t.match(lines.at(-1), { method: 'vm.delete', params: [[[['…']]]] }, 'and are abridged in the log')
  await ask('{"jsonrpc":"2.0","method":"vm.get","params":{"__proto__":{"polluted":1},"vm":"a"},"id":1}')
  t.equal(({} as { polluted?: number }).polluted, undefined)
})

t.test('of duplicate keys the last one counts', async (t) => {
  const { ask } = createBench()
  t.match(await ask('{"jsonrpc":"2.0","id":1,"id":2,"method":"vm.list"}'), { id: 2 })
})

t.test('a batch takes as many requests as the limit says', async (t) => {
  const { ask, calls } = createBench()
  const batch = (length: number): string => JSON.stringify(Array.from({ length }, (_, id) => ({ jsonrpc: '2.0', method: 'vm.list', id })))
  t.equal((await ask(batch(BATCH_LIMIT)) as Message[]).length, BATCH_LIMIT)
  calls.length = 0
  t.match(await ask(batch(BATCH_LIMIT + 1)), failure(null, errorTable.BATCH_TOO_LARGE, 'BATCH_TOO_LARGE'))
  t.equal(calls.length, 0, 'nothing of one too large is carried out')
})

t.test('handlers are invoked in the order of arrival, before the dispatcher returns', async (t) => {
  const { ask, calls } = createBench()
  const answers = [
    ask('{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"a"},"id":1}'),
    ask('[{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"b"},"id":2},{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"c"},"id":3}]'),
    ask('{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"d"}}'),
  ]
  t.same(calls.map((call) => (call as [string, { vm: string }])[1].vm), ['a', 'b', 'c', 'd'])
  await Promise.all(answers)
})

t.test('params may be left out where none is needed, and defaults are filled in', async (t) => {
  const { ask, calls } = createBench({ 'vm.wait': () => ({}) })
  t.match(await ask('{"jsonrpc":"2.0","method":"vm.list","id":1}'), { result: { vms: [] } })
  await ask('{"jsonrpc":"2.0","method":"vm.wait","params":{"vm":"web"},"id":1}')
  t.same(calls.at(-1), ['vm.wait', { vm: 'web', for: 'running', timeoutSeconds: 60 }])
})

t.test('a connection that observes is refused what changes things', async (t) => {
  const { ask, calls, lines } = createBench()
  const line = '{"jsonrpc":"2.0","method":"vm.delete","params":{"vm":"web"},"id":1}'
  t.match(await ask(line, { access: 'observe' }), failure(1, errorTable.ACCESS_DENIED, 'ACCESS_DENIED'))
  t.equal(calls.length, 0)
  t.match(lines, [{ method: 'vm.delete', outcome: 'ACCESS_DENIED', uid: 1000 }], 'which is logged')
  t.match(await ask('{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"web"},"id":1}', { access: 'observe' }), { result: {} })
})

t.test('every mutation is one line of the log, with who asked and how it ended', async (t) => {
  const { ask, lines } = createBench({
    'vm.start': () => {
      throw new UserError('VM_NOT_FOUND', 'no such VM')
    },
  })
  await ask('{"jsonrpc":"2.0","method":"vm.delete","params":{"vm":"web"},"id":1}')
  await ask('{"jsonrpc":"2.0","method":"vm.start","params":{"vm":"web"}}')
  await ask(JSON.stringify({ jsonrpc: '2.0', method: 'vm.delete', params: { vm: 'x'.repeat(1000) }, id: 1 }))
  await ask('{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"web"},"id":1}')
  const who = { uid: 1000, pid: 42, durationMs: Number }
  t.match(lines, [
    { method: 'vm.delete', params: { vm: 'web' }, outcome: 'ok', ...who },
    { method: 'vm.start', params: { vm: 'web' }, outcome: 'VM_NOT_FOUND', ...who },
    { method: 'vm.delete', params: { vm: /^x{255}…$/ }, outcome: 'INVALID_PARAMS', ...who },
  ])
  t.equal(lines.length, 3, 'and what changes nothing is none')
})

t.test('what is meant for a guest alone is not in the log: how much it was is enough', async (t) => {
  const { ask, lines } = createBench({ 'vm.exec': () => ({}), 'vm.copy-in': () => ({}), 'vm.create': () => ({}) })
  const send = (method: string, params: unknown): Promise<unknown> => ask(JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 }))
  await send('vm.exec', { vm: 'web', command: ['mysql', '-psecret', 'db'], stdin: 'secret', env: ['TOKEN=secret'] })
  await send('vm.copy-in', { vm: 'web', path: '/f', data: Buffer.from('secret').toString('base64'), isLast: true })
  await send('vm.create', { image: 'tiny', initScript: 'echo secret', userData: '#cloud-config\npassword: secret' })
  await send('vm.exec', { vm: 'web', command: 'secret', stdin: { secret: 'secret' }, env: 'secret' })
  await send('vm.exec', { vm: 'web', command: [] })
  t.match(lines.map((line) => (line as { params: unknown }).params), [
    { vm: 'web', command: ['mysql', '(2 more)'], stdin: '(6 characters)', env: '(1 items)' },
    { vm: 'web', path: '/f', data: '(8 characters)', isLast: true },
    { image: 'tiny', initScript: '(11 characters)', userData: /^\(\d+ characters\)$/ },
    { vm: 'web', command: '(6 characters)', stdin: '(withheld)', env: '(6 characters)' },
    { vm: 'web', command: [] },
  ])
  t.notMatch(JSON.stringify(lines), /secret|c2VjcmV0/)
})

t.test('a secret under a wrong name, or none, is not in the log either', async (t) => {
  const { ask, lines } = createBench({ 'vpn.join': () => ({}) })
  for (const params of [{ tokn: 'secret' }, { token: 'secret', answer: 'secret' }, ['secret']]) {
    await ask(JSON.stringify({ jsonrpc: '2.0', method: 'vpn.join', params, id: 1 }))
  }
  t.match(lines.map((line) => (line as { params: unknown }).params), [
    { tokn: '(6 characters)' },
    { token: '(6 characters)', answer: '(6 characters)' },
    '(1 items)',
  ])
  t.notMatch(JSON.stringify(lines), /secret/)
})

t.test('a defect leaks nothing but a reference, under which the log has it', async (t) => {
  const { ask, lines } = createBench({ 'vm.get': () => Promise.reject(new TypeError('secret of /etc')) })
  const answer = (await ask('{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"a"},"id":1}')) as Message
  t.match(answer, failure(1, errorTable.INTERNAL, 'INTERNAL'))
  t.notMatch(JSON.stringify(answer), /secret/)
  t.match(lines, [{ ref: answer.error?.data['ref'], err: { message: 'secret of /etc', stack: /dispatch\.test/ } }])
})

t.test('an answer that JSON cannot carry is a defect, of that request alone', async (t) => {
  const { ask } = createBench({ 'vm.get': () => ({ id: 1n }) })
  const line = '[{"jsonrpc":"2.0","method":"vm.get","params":{"vm":"a"},"id":1},{"jsonrpc":"2.0","method":"vm.list","id":2}]'
  t.match(await ask(line), [failure(1, errorTable.INTERNAL, 'INTERNAL'), { id: 2, result: { vms: [] } }])
})

t.test('results can be held against the table', async (t) => {
  const strict = createBench({ 'vm.list': () => ({ vms: 'none' }) }, { validateResults: true })
  t.match(await strict.ask('{"jsonrpc":"2.0","method":"vm.list","id":1}'), failure(1, errorTable.INTERNAL, 'INTERNAL'))
  const right = createBench({}, { validateResults: true })
  t.match(await right.ask('{"jsonrpc":"2.0","method":"vm.list","id":1}'), { result: { vms: [] } })
})

t.test('a daemon that stops takes no more work', async (t) => {
  const { ask, calls } = createBench({}, { isStopping: () => true })
  t.match(await ask('{"jsonrpc":"2.0","method":"vm.list","id":1}'), failure(1, errorTable.SHUTTING_DOWN, 'SHUTTING_DOWN'))
  t.equal(calls.length, 0)
})

t.test('progress names the request, and a notification has none to name', async (t) => {
  const told: unknown[] = []
  const { ask } = createBench({
    'vm.start': (_params, context) => {
      context.progress('booting', 0.5)
      context.progress('waiting')
      return {}
    },
  })
  const from = { notify: (...message: unknown[]) => void told.push(message) }
  await ask('{"jsonrpc":"2.0","method":"vm.start","params":{"vm":"a"},"id":"x"}', from)
  await ask('{"jsonrpc":"2.0","method":"vm.start","params":{"vm":"a"}}', from)
  t.same(told, [
    ['progress', { request: 'x', message: 'booting', fraction: 0.5 }],
    ['progress', { request: 'x', message: 'waiting' }],
  ])
})

t.test('what takes a connection over is no part of a batch and no notification', async (t) => {
  const { ask, calls } = createBench({ 'vm.console': () => ({ vm: 'a' }) })
  const request = { jsonrpc: '2.0', method: 'vm.console', params: { vm: 'a' } }
  t.match(await ask(JSON.stringify([{ ...request, id: 1 }])), [failure(1, INVALID_REQUEST, 'INVALID_REQUEST')])
  t.equal(await ask(JSON.stringify(request)), undefined)
  t.equal(calls.length, 0)
})
