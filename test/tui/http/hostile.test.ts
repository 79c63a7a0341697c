/** What a client may send, and what it gets for it: an answer, and the next one is served as before. */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { requireToken } from '../../../tui/http/authorize.ts'
import { ownNames } from '../../../tui/http/check-origin.ts'
import { doorLimits } from '../../../tui/http/limits.ts'
import { startFakeDaemon, type FakeDaemon } from '../../fakes/daemon.ts'
import { makeVms } from '../../inputs/vms.ts'
import { fetchFrom, openDoor, readEvents, sendRaw, type OpenDoor, type OpenOptions } from './open-door.ts'

const token = 'right-token-of-enough-letters'
const right = { authorization: `Bearer ${token}` }

async function openFor(t: Test, options: OpenOptions = {}): Promise<OpenDoor & { daemon: FakeDaemon }> {
  const daemon = await startFakeDaemon(t, { 'vm.list': () => ({ vms: makeVms(2) }), 'vm.create': () => ({ id: 'adbvzwdf' }), 'vm.plan': () => ({}) })
  return { ...(await openDoor(t, daemon.directory, options)), daemon }
}

t.test('bodies that are none are refused, and the next request is served', async (t) => {
  const { at, daemon } = await openFor(t)
  const post = (body: unknown, headers = {}): ReturnType<typeof fetchFrom> => fetchFrom(at, 'POST /v1/vm', { body, headers })
  t.match(await post('{"image":'), { status: 400, json: { name: 'BODY_INVALID' } })
  t.match(await post('[1]'), { status: 400, json: { name: 'BODY_INVALID' } })
  t.match(await post(Buffer.from([0x7b, 0xff])), { status: 400, json: { name: 'BODY_INVALID' } })
  t.match(await post(`{"a":${'['.repeat(500_000)}`), { status: 400, json: { name: 'BODY_INVALID', detail: /deep/ } })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'x']) {
    t.match(await post('{}', { 'content-type': type }), { status: 415, headers: { accept: 'application/json' }, json: { name: 'BODY_TYPE_REFUSED', hint: /Content-Type: application\/json/ } }, type)
  }
  t.match(await post('{}', { 'content-encoding': 'gzip' }), { status: 415, headers: { 'accept-encoding': 'identity' }, json: { name: 'BODY_TYPE_REFUSED', detail: /gzip/ } })
  t.match(await post('{}', { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'identity' }), { status: 200 })
  t.match(await post(Buffer.alloc(10_000_000, 0x20)), { status: 413, json: { name: 'BODY_TOO_LARGE' } }, '10 MB')
  t.match(await post({ image: 'x'.repeat(1_048_400) }), { status: 413, json: { name: 'BODY_TOO_LARGE' } }, 'what fits HTTP and not the wire')
  t.match(await fetchFrom(at, 'POST /v1/vm/-/plan', { body: { image: 'x'.repeat(1_048_400) } }), { status: 413 }, 'nor may it end the connection of others')
  const chunked = await sendRaw(at, (send) => {
    send('POST /v1/vm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 40; i++) send(`8000\r\n${' '.repeat(0x8000)}\r\n`)
  })
  t.match(chunked, / 413 /, 'also where no length was said')
  t.equal(daemon.requests.length, 1)
  t.match(await post({ image: 'tiny' }), { status: 200 })
})

t.test('bytes that are no HTTP are answered so', async (t) => {
  const { at } = await openFor(t)
  const one = (text: string): Promise<string> => sendRaw(at, (send) => void send(text))
  t.match(await one('\x16\x03\x01\x02\x00\x01\x00'), /^HTTP\/1.1 400 .*"name":"REQUEST_INVALID"/s)
  t.match(await one('{"jsonrpc":"2.0","id":1,"method":"vm.list"}\n\n'), /^HTTP\/1.1 400 /)
  t.match(await one('GET /vm HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400 /, 'no Host')
  t.match(await one('GET /vm HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 400 .*"name":"REQUEST_INVALID"/s, 'two of them')
  t.match(await one(`GET /vm HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431 .*"name":"HEADERS_TOO_LARGE"/s)
  t.match(await one(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1.1 414 .*"name":"TARGET_TOO_LONG"/s)
  t.match(await one('POST /vm HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'), /^HTTP\/1.1 400 /, 'two lengths, which smuggles requests')
  t.match(await one('GET ftp://evil.example/vm HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 404 /)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
})

t.test('who sends a byte now and then is cut off, in the headers and in the body, and holds nobody up', async (t) => {
  const { at } = await openFor(t, { limits: { headersMs: 300, requestMs: 500, checkMs: 50 } })
  const drip = async (text: string): Promise<string> =>
    await sendRaw(at, async (send) => {
      for (const letter of text) {
        if (!send(letter)) break
        await delay(20)
      }
    })
  const slow = [
    drip(`GET /v1/vm HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(200)}\r\n\r\n`),
    sendRaw(at, async (send) => {
      send('POST /v1/vm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n')
      for (let i = 0; i < 500 && send(' '); i++) await delay(20)
    }),
    sendRaw(at, () => undefined),
  ]
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
  const [headers, body, silent] = await Promise.all(slow)
  t.match(headers, /^HTTP\/1.1 408 .*"name":"REQUEST_TIMEOUT"/s)
  t.match(body, /^HTTP\/1.1 408 /)
  t.match(silent, /^HTTP\/1.1 408 /)
})

t.test('who does not read is cut off, of an answer and of a stream', async (t) => {
  let sending: NodeJS.Timeout | undefined
  t.teardown(() => clearInterval(sending))
  const gone: string[] = []
  const daemon = await startFakeDaemon(t, {
    'vm.list': () => ({ vms: makeVms(20_000) }),
    'events.subscribe': ({ notify, socket }) => {
      sending = setInterval(() => notify('event', { kind: 'vm.created', text: 'x'.repeat(50_000) }), 1)
      socket.on('close', () => {
        clearInterval(sending)
        gone.push('events')
      })
      return {}
    },
  })
  const { at, log } = await openDoor(t, daemon.directory, { limits: { readMs: 200, unreadBytes: 200_000 } })
  for (const path of ['/v1/vm', '/v1/events']) {
    const socket = connect((at as { socketPath: string }).socketPath)
    socket.on('error', () => undefined)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    socket.pause()
    while (!log.some((line) => line.includes(`"${path}"`) && line.includes('"left":true'))) await delay(10)
    socket.destroy()
    t.pass(path)
  }
  while (gone.length === 0) await delay(10)
  t.pass('the subscription has ended as well')
})

const ask = (path: string, count = 1): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count)

t.test('requests without end before any answer is read end their connection, and are not asked', async (t) => {
  const { at, daemon, log } = await openFor(t, { limits: { pipelined: 20 } })
  const few = await sendRaw(at, (send) => void send(`${ask('/v1/vm', 19)}GET /v1/vm HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`))
  t.equal(few.match(/HTTP\/1.1 200 /g)?.length, 20, 'a few are answered')
  t.equal(await sendRaw(at, (send) => void send(ask('/v1/vm', 1000))), '')
  t.ok(daemon.requests.length <= 40)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
  while (log.length < 41) await delay(10)
  t.equal(log.length, 41, 'what came after them has not begun')
})

t.test('who asks again and again and reads no answer is cut off, however short the answers are', async (t) => {
  const { at, log } = await openFor(t, { limits: { readMs: 200, pipelined: 100_000 } })
  const socket = connect((at as { socketPath: string }).socketPath)
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.pause()
  for (let i = 0; i < 20; i++) socket.write(ask('/v1/vm', 100))
  while (!log.some((line) => line.includes('"left":true'))) await delay(10)
  socket.resume()
  await closed
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 200 })
})

t.test('with a token, nothing is told without it, and nothing is kept from who has it', async (t) => {
  const { at, daemon, log } = await openFor(t, { tcp: true, names: ownNames('127.0.0.1', []), authorize: requireToken(token, { ...doorLimits, wrongTokens: 3, wrongTokenMs: 60_000 }) })
  for (const what of ['GET /v1/vm', 'GET /vm', 'POST /v1/vm', 'GET /nothing', 'GET /v1/openapi.json', 'GET /metrics', 'OPTIONS /vm', 'HEAD /v1/vm', 'GET /v1/events']) {
    t.match(await fetchFrom(at, what), { status: 401, headers: { 'www-authenticate': /^Bearer realm="aetherscale"$/ } }, what)
  }
  t.strictSame(daemon.requests, [])
  const wrong = { authorization: 'Bearer wrong-token' }
  for (let i = 0; i < 3; i++) t.match(await fetchFrom(at, 'GET /v1/vm', { headers: wrong }), { status: 401, headers: { 'www-authenticate': /error="invalid_token"/ } })
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: wrong }), { status: 429, headers: { 'retry-after': '60' }, json: { name: 'TOO_MANY_ATTEMPTS' } })
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: right }), { status: 200 }, 'from the same address')
  const twice = await sendRaw(at, (send) => void send(`GET /v1/vm HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ${right.authorization}\r\nAuthorization: Bearer x\r\n\r\n`))
  t.match(twice, /^HTTP\/1.1 400 .*"name":"REQUEST_INVALID"/s, 'two of them, of which a proxy may have looked at the other one')
  t.notMatch(log.join(''), /token/)
})

t.test('a page of another site gets nothing, by whatever name it comes', async (t) => {
  const { at, daemon } = await openFor(t, { tcp: true, names: ownNames('127.0.0.1', ['vm.example.org']) })
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: { host: 'rebound.evil.example:5000' } }), { status: 421, json: { name: 'HOST_REFUSED', hint: /--allow-host/ } })
  const answer = await fetchFrom(at, 'POST /v1/vm', { headers: { origin: 'http://evil.example' }, body: {} })
  t.match(answer, { status: 403, json: { name: 'ORIGIN_REFUSED' } })
  t.match(await fetchFrom(at, 'OPTIONS /v1/vm', { headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } }), { status: 403 })
  t.notOk(Object.keys(answer.headers).some((name) => name.startsWith('access-control')))
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: { 'sec-fetch-site': 'cross-site' } }), { status: 403 })
  t.strictSame(daemon.requests, [])
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: { host: 'vm.example.org', origin: 'https://vm.example.org' } }), { status: 200 })
})

t.test('1,000 clients at the same moment are all answered, and more than there may be are told', async (t) => {
  const { at, daemon } = await openFor(t)
  const answers = await Promise.all(Array.from({ length: 1000 }, (_unused, index) => (index % 10 === 0 ? fetchFrom(at, 'POST /v1/vm', { body: { image: 'tiny' } }) : fetchFrom(at, 'GET /v1/vm'))))
  t.strictSame(answers.filter(({ status }) => status !== 200), [])
  t.equal(daemon.requests.filter(({ method }) => method === 'vm.create').length, 100)
  t.equal(daemon.requests.filter(({ method }) => method === 'vm.list').length, 900)
  const few = await openDoor(t, (await startFakeDaemon(t, { 'events.subscribe': ({ notify }) => (notify('event', {}), {}), 'vm.list': () => ({ vms: [] }) })).directory, { limits: { connections: 2 } })
  const holding = [connect((few.at as { socketPath: string }).socketPath), connect((few.at as { socketPath: string }).socketPath)]
  for (const socket of holding) socket.write('GET /v1/vm HTTP/1.1\r\nHost: x\r\n\r\n')
  await Promise.all(holding.map((socket) => new Promise((resolve) => socket.once('data', resolve))))
  t.match(await fetchFrom(few.at, 'GET /v1/vm'), { status: 503, headers: { 'retry-after': '5' }, json: { name: 'DOOR_BUSY' } })
  for (const socket of holding) socket.destroy()
  for (;;) if ((await fetchFrom(few.at, 'GET /v1/vm')).status === 200) break
  const events = await readEvents(few.at, 'GET /v1/events', 1)
  t.strictSame(events.map(({ event, data }) => ({ event, data })), [{ event: 'event', data: {} }])
})
