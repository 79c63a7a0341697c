import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { methods } from '../../../policy/api/index.ts'
import { deriveRoutes } from '../../../policy/http/routes.ts'
import { FakeError, makeTestDirectory, startFakeDaemon, type FakeAnswer } from '../../fakes/daemon.ts'
import { makeVms } from '../../inputs/vms.ts'
import { fetchFrom, openDoor, readEvents, sendRaw, type OpenDoor } from './open-door.ts'

t.test('each route asks its method with the params of path, query and body', async (t) => {
  const answers = Object.fromEntries(Object.keys(methods).map((name) => [name, () => ({ asked: name })]))
  const daemon = await startFakeDaemon(t, answers)
  const { at } = await openDoor(t, daemon.directory)
  for (const { method, verb, path, placed, stream } of deriveRoutes()) {
    if (stream !== undefined) continue
    const url = path.replaceAll(/\{(\w+)\}/g, 'x-$1')
    const answer = await fetchFrom(at, `${verb} ${url}`, verb === 'GET' || verb === 'DELETE' ? {} : { body: { more: 1 } })
    t.strictSame([answer.status, answer.json], [200, { asked: method }], `${verb} ${path}`)
    const inPath = Object.fromEntries(placed.map((param) => [param, `x-${param}`]))
    t.strictSame(daemon.requests.at(-1), { method, params: { ...(verb === 'GET' || verb === 'DELETE' ? {} : { more: 1 }), ...inPath } })
  }
})

t.test('a query is typed as the method is, and a name in the path is decoded once', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.log': () => ({}), 'vm.get': () => ({}) })
  const { at } = await openDoor(t, daemon.directory)
  await fetchFrom(at, 'GET /v1/vm/web/log?source=qemu&offset=12&limitBytes=x')
  t.strictSame(daemon.requests.at(-1)?.params, { source: 'qemu', offset: 12, limitBytes: 'x', vm: 'web' })
  await fetchFrom(at, 'GET /v1/vm/%2e%2e%252f')
  t.strictSame(daemon.requests.at(-1)?.params, { vm: '..%2f' }, 'it is a name for the daemon to look at, and no path')
})

t.test('what is said twice or in the wrong place is refused', async (t) => {
  const daemon = await startFakeDaemon(t, {})
  const { at } = await openDoor(t, daemon.directory)
  t.match(await fetchFrom(at, 'POST /v1/vm/web/stop', { body: { vm: 'other' } }), { status: 400, json: { name: 'INVALID_PARAMS', field: 'vm' } })
  t.match(await fetchFrom(at, 'GET /v1/vm/web?vm=other'), { status: 400, json: { field: 'vm' } })
  t.match(await fetchFrom(at, 'POST /v1/vm/web/stop?force=true'), { status: 400, json: { field: 'force' } })
  t.match(await fetchFrom(at, 'GET /v1/vm/-/plan?networks=user'), { status: 400, json: { field: 'networks', hint: /POST/ } })
  t.match(await fetchFrom(at, 'DELETE /v1/vm/web', { body: { dryRun: true } }), { status: 400, json: { name: 'INVALID_PARAMS', field: 'dryRun' } })
  t.match(await fetchFrom(at, 'GET /v1/vm', { body: { state: 'running' } }), { status: 400, json: { name: 'INVALID_PARAMS' } })
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: { image: 'tiny', requestId: 'a-2' }, headers: { 'idempotency-key': 'a-1' } }), { status: 400, json: { field: 'requestId' } })
  const inPieces = 'GET /v1/vm HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n0\r\n\r\n'
  t.match(await sendRaw(at, (send) => void send(inPieces)), /^HTTP\/1.1 400 /)
  t.strictSame(daemon.requests, [], 'the daemon was not asked')
})

t.test('clients that send an empty object with everything are served', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }), 'vm.delete': () => ({ id: 'adbvzwdf' }) })
  const { at } = await openDoor(t, daemon.directory)
  for (const what of ['GET /v1/vm', 'DELETE /v1/vm/web', 'GET /vm', 'DELETE /vm/web']) t.match(await fetchFrom(at, what, { body: {} }), { status: 200 }, what)
})

t.test('an error of the daemon is a problem with its status', async (t) => {
  const daemon = await startFakeDaemon(t, {
    'vm.get': () => new FakeError(1001, 'There is no VM "web"', { name: 'VM_NOT_FOUND', field: 'vm', hint: 'vm.list has those that are there' }),
    'vm.delete': () => new FakeError(-32005, 'The daemon is stopping', { name: 'SHUTTING_DOWN' }),
  })
  const { at } = await openDoor(t, daemon.directory)
  const missing = await fetchFrom(at, 'GET /v1/vm/web')
  t.match(missing, { status: 404, json: { type: 'urn:aetherscale:VM_NOT_FOUND', name: 'VM_NOT_FOUND', code: 1001, field: 'vm', detail: 'There is no VM "web"', hint: /vm.list/ } })
  t.match(missing.headers['content-type'], /^application\/problem\+json/)
  t.match(await fetchFrom(at, 'DELETE /v1/vm/web'), { status: 503, headers: { 'retry-after': '2' }, json: { name: 'SHUTTING_DOWN' } })
  t.match(await fetchFrom(at, 'GET /vm/web'), { status: 404 })
})

t.test('a key of idempotency is the requestId, with the quotes of structured fields or without', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.create': () => ({ id: 'adbvzwdf' }) })
  const { at } = await openDoor(t, daemon.directory)
  for (const key of ['a-1', '"a-1"']) {
    for (const path of ['/v1/vm', '/vm']) {
      await fetchFrom(at, `POST ${path}`, { body: { image: 'tiny' }, headers: { 'idempotency-key': key } })
      t.match(daemon.requests.at(-1)?.params, { image: 'tiny', requestId: 'a-1' }, `${key} ${path}`)
    }
  }
})

t.test('an operation tells its progress to whoever takes events', async (t) => {
  const daemon = await startFakeDaemon(t, {
    'vm.create': async ({ id, notify, params }) => {
      if (params['image'] === 'none') return new FakeError(1101, 'no image', { name: 'IMAGE_NOT_FOUND' })
      notify('progress', { request: id, message: 'making the disk', vm: 'adbvzwdf' })
      return params['image'] === 'bad' ? new FakeError(1004, 'QEMU did not come up', { name: 'VM_START_FAILED' }) : { id: 'adbvzwdf' }
    },
  })
  const { at } = await openDoor(t, daemon.directory)
  const headers = { accept: 'text/event-stream' }
  t.strictSame(await readEvents(at, 'POST /v1/vm', 9, { body: { image: 'tiny' }, headers }), [
    { event: 'progress', data: { message: 'making the disk', vm: 'adbvzwdf' } },
    { event: 'result', data: { id: 'adbvzwdf' } },
  ])
  t.match(await readEvents(at, 'POST /v1/vm', 9, { body: { image: 'bad' }, headers }), [{ event: 'progress' }, { event: 'problem', data: { name: 'VM_START_FAILED', status: 500 } }])
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: { image: 'none' }, headers }), { status: 404, json: { name: 'IMAGE_NOT_FOUND' } }, 'what fails at once has its status')
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: { image: 'tiny' } }), { status: 200, json: { id: 'adbvzwdf' } }, 'others get the result alone')
})

t.test('events are a stream, with what has happened first; it ends with a reason when the daemon does', async (t) => {
  const daemon = await startFakeDaemon(t, {
    'events.subscribe': ({ notify, params, socket }) => {
      if (params['recent'] === 9) return new FakeError(-32602, 'recent', { name: 'INVALID_PARAMS', field: 'recent' })
      notify('event', { kind: 'vm.created', vm: 'adbvzwdf' })
      setTimeout(() => notify('event', { kind: 'vm.deleted', vm: 'adbvzwdf' }), 20)
      setTimeout(() => socket.end(), 60)
      return { kinds: [] }
    },
  })
  const { at } = await openDoor(t, daemon.directory)
  t.match(await readEvents(at, 'GET /v1/events?kinds=vm.created&recent=5', 9), [
    { event: 'event', data: { kind: 'vm.created' } },
    { event: 'event', data: { kind: 'vm.deleted' } },
    { event: 'problem', data: { name: 'DAEMON_LOST' } },
  ])
  t.strictSame(daemon.requests.at(-1)?.params, { kinds: ['vm.created'], recent: 5 })
  t.match(await fetchFrom(at, 'GET /v1/events?recent=9'), { status: 400, json: { field: 'recent' } }, 'a stream that cannot be is a problem')
})

t.test('a stream more than there may be is refused, not kept waiting, and has its place when another has ended', async (t) => {
  const daemon = await startFakeDaemon(t, { 'events.subscribe': ({ notify }) => (notify('event', { kind: 'vm.created' }), { kinds: [] }) })
  const { at } = await openDoor(t, daemon.directory, { limits: { streams: 1 } })
  const first = request({ ...at, path: '/v1/events', agent: false, headers: { host: 'localhost' } })
  first.on('error', () => undefined)
  first.end()
  await once(first, 'response')
  t.match(await fetchFrom(at, 'GET /v1/events'), { status: 503, headers: { 'retry-after': '5' }, json: { name: 'DOOR_BUSY' } })
  first.destroy()
  await t.resolves(untilTaken(at))
})

/** Tried until there is a place: the door learns a moment later that a reader has gone. */
async function untilTaken(at: OpenDoor['at']): Promise<void> {
  while ((await readEvents(at, 'GET /v1/events', 1)).length === 0) await delay(10)
}

t.test('the connection to the daemon ends with the client that it is for', async (t) => {
  const gone: string[] = []
  const watch: FakeAnswer = (request) => {
    request.socket.on('close', () => gone.push(request.method))
    return request.method === 'events.subscribe' ? {} : new Promise(() => undefined)
  }
  const daemon = await startFakeDaemon(t, { 'vm.exec': watch, 'vm.wait': watch, 'events.subscribe': watch })
  const { at } = await openDoor(t, daemon.directory)
  for (const [index, [what, method]] of [['POST /v1/vm/web/exec', 'vm.exec'], ['GET /v1/vm/web/wait', 'vm.wait'], ['GET /v1/events', 'events.subscribe']].entries()) {
    const [verb, path] = what!.split(' ')
    const socket = connect((at as { socketPath: string }).socketPath)
    socket.write(`${verb} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`)
    while (daemon.requests.length <= index) await delay(5)
    t.notOk(gone.includes(method!), `${method} goes on`)
    socket.destroy()
    while (!gone.includes(method!)) await delay(5)
    t.pass(`${method} has ended`)
  }
})

t.test('HEAD, OPTIONS, other verbs and other paths are answered as HTTP has them', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.list': () => ({ vms: makeVms(3) }) })
  const { at } = await openDoor(t, daemon.directory)
  const head = await fetchFrom(at, 'HEAD /v1/vm')
  t.match(head, { status: 200, text: '', headers: { 'content-length': String((await fetchFrom(at, 'GET /v1/vm')).text.length) } })
  t.match(await fetchFrom(at, 'OPTIONS /v1/vm'), { status: 204, headers: { allow: 'POST, GET, HEAD' } })
  t.match(await fetchFrom(at, 'PUT /vm', { body: 'x', headers: { 'content-type': 'text/plain' } }), { status: 405, headers: { allow: 'GET, HEAD, POST' }, json: { name: 'VERB_NOT_ALLOWED' } })
  t.match(await fetchFrom(at, 'HEAD /v1/events'), { status: 405, headers: { allow: 'GET' } })
  t.match(await fetchFrom(at, 'PATCH /v1/image/import'), { status: 400, json: { name: 'METHOD_NOT_FOUND' } }, 'an image may have that name')
  t.match(await fetchFrom(at, 'GET /v1/openapi.json'), { status: 200, json: { openapi: '3.1.0' } })
  for (const path of ['/', '/V1/vm', '//vm', '/vm/', '/v1/vm/', '/vm;x', '/v1/../vm', '/v1/vm/web/..', '/v1/vm/%zz', `/vm/${'a'.repeat(500)}`, '/v1/vm/web/console']) {
    t.match(await fetchFrom(at, `GET ${path}`), { status: 404, json: { name: 'ROUTE_NOT_FOUND' } }, path.slice(0, 30))
  }
  t.strictSame(daemon.requests.filter(({ method }) => method !== 'vm.list' && method !== 'image.set'), [])
})

t.test('a list is handed on to the byte, whatever the daemon writes before it', async (t) => {
  const text = '{"vms":[{"name":"ü\\u0000\\n","n":1.0,"big":123456789012345678901}]}'
  const daemon = await startFakeDaemon(t, {
    'vm.list': ({ socket, id }) => {
      for (const piece of [`{"jsonrpc":"2.0","id":${String(id)},"res`, `ult":${text}`, '}', '\n']) socket.write(piece)
      return new Promise(() => undefined)
    },
    'image.list': ({ socket, id }) => {
      socket.write(`{"id":${String(id)},"result":{"images":[]},"jsonrpc":"2.0"}\n{"jsonrpc":"2.0","method":"event","params":{}}\n`)
      return new Promise(() => undefined)
    },
  })
  const { at } = await openDoor(t, daemon.directory)
  t.equal((await fetchFrom(at, 'GET /v1/vm')).text, text)
  t.strictSame((await fetchFrom(at, 'GET /v1/image')).json, { images: [] }, 'members in another order')
})

t.test('what answers nonsense costs the request that met it, and no other', async (t) => {
  let isSane = false
  const daemon = await startFakeDaemon(t, {
    'vm.list': ({ socket }) => {
      if (isSane) return { vms: [] }
      socket.write('SSH-2.0-OpenSSH\n')
      return new Promise(() => undefined)
    },
  })
  const { at } = await openDoor(t, daemon.directory)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 502, json: { name: 'DAEMON_LOST' } })
  isSane = true
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
})

t.test('a daemon that is away is told, and found when it is there', async (t) => {
  const directory = await makeTestDirectory(t)
  const { at } = await openDoor(t, directory)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 503, headers: { 'retry-after': '2' }, json: { name: 'DAEMON_AWAY', hint: /aetherscaled/ } })
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: {} }), { status: 503, json: { name: 'DAEMON_AWAY' } })
  await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) }, { directory })
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
})

t.test('a question whose connection has ended is asked once more; a change is not', async (t) => {
  let times = 0
  const drop: FakeAnswer = ({ socket }) => {
    if (++times % 2 === 0) return { vms: [] }
    socket.destroy()
    return {}
  }
  const daemon = await startFakeDaemon(t, { 'vm.list': drop, 'vm.create': drop })
  const { at } = await openDoor(t, daemon.directory)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: {} }), { status: 502, json: { name: 'DAEMON_LOST', hint: /before you ask again/ } })
  t.strictSame(daemon.requests.map(({ method }) => method), ['vm.list', 'vm.list', 'vm.create'])
})

t.test('slow calls hold nobody up, and too many wait or are told so', async (t) => {
  const ends: (() => void)[] = []
  const daemon = await startFakeDaemon(t, {
    'vm.exec': () => new Promise((resolve) => ends.push(() => resolve({ exitCode: 0 }))),
    'vm.list': () => ({ vms: [] }),
  })
  const { at } = await openDoor(t, daemon.directory, { limits: { long: 2, waiting: 1 } })
  const exec = (): ReturnType<typeof fetchFrom> => fetchFrom(at, 'POST /v1/vm/web/exec', { body: { command: ['x'] } })
  const running = [exec(), exec()]
  while (ends.length < 2) await delay(5)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
  const outcomes = [exec(), exec()]
  const refused = await Promise.race(outcomes)
  t.match(refused, { status: 503, headers: { 'retry-after': '5' }, json: { name: 'DOOR_BUSY' } })
  ends.splice(0).forEach((end) => end())
  t.match(await Promise.all(running), [{ status: 200 }, { status: 200 }])
  while (ends.length < 1) await delay(5)
  ends.splice(0).forEach((end) => end())
  t.strictSame((await Promise.all(outcomes)).map(({ status }) => status).sort(), [200, 503], 'who waited is served')
})

t.test('where it only observes, the observe socket is asked, and nothing that changes something on any', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.list': () => ({ vms: ['control'] }), 'vm.start': () => ({}) })
  await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) }, { directory: daemon.directory, names: ['observe.sock'] })
  const door = await openDoor(t, daemon.directory, { access: 'observe' })
  t.strictSame((await fetchFrom(door.at, 'GET /v1/vm')).json, { vms: [] })
  await door.close()
  const { at } = await openDoor(t, daemon.directory, { access: 'observe', socket: daemon.socket })
  t.strictSame((await fetchFrom(at, 'GET /v1/vm')).json, { vms: ['control'] }, 'a socket that was said is the one')
  for (const what of ['POST /v1/vm/web/start', 'DELETE /v1/vm/web', 'POST /vm', 'PATCH /vm/web', 'DELETE /vm/web']) {
    t.match(await fetchFrom(at, what, { body: { image: 'tiny', status: 'started' } }), { status: 403, json: { name: 'ACCESS_DENIED' } }, what)
  }
  t.strictSame(daemon.requests.map(({ method }) => method), ['vm.list'])
})

t.test('the metrics are the text that the daemon gives, with its type', async (t) => {
  const daemon = await startFakeDaemon(t, { 'system.metrics': () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '# HELP x\nx 1\n' }) })
  const { at } = await openDoor(t, daemon.directory)
  t.match(await fetchFrom(at, 'GET /metrics'), { status: 200, text: '# HELP x\nx 1\n', headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
})

t.test('the log has a line a request, without names, bodies or tokens', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.create': () => ({ id: 'adbvzwdf' }) })
  const { at, log, close } = await openDoor(t, daemon.directory)
  await fetchFrom(at, 'POST /v1/vm?secret', { body: { image: 'secret' }, headers: { authorization: 'Bearer secret' } })
  await fetchFrom(at, 'GET /nothing/secret')
  await close()
  t.match(log.map((line) => JSON.parse(line) as object), [
    { remote: 'unix', method: 'POST', route: '/v1/vm', status: 400, durationMs: Number },
    { remote: 'unix', method: 'GET', route: null, status: 404, durationMs: Number },
  ])
  t.notMatch(log.join(''), 'secret')
})
