/** What HTTP has in its headers beside the request itself (RFC 9110, RFC 9112), as clients and proxies send it. */
import { once } from 'node:events'
import { request as ask } from 'node:http'
import t, { type Test } from 'tap'
import { methods } from '../../../policy/api/index.ts'
import { describeHttp } from '../../../policy/http/openapi.ts'
import { ownNames } from '../../../tui/http/check-origin.ts'
import { startFakeDaemon, type FakeDaemon } from '../../fakes/daemon.ts'
import { fetchFrom, openDoor, sendRaw, type OpenDoor, type OpenOptions } from './open-door.ts'

interface Opened extends OpenDoor {
  readonly daemon: FakeDaemon
  /** What comes for a request line and headers, and a body. */
  send(head: string, body?: string): Promise<string>
}

async function openFor(t: Test, options: OpenOptions = {}): Promise<Opened> {
  const daemon = await startFakeDaemon(t, {
    'vm.list': () => ({ vms: [] }),
    'vm.start': () => ({}),
    'vm.delete': () => ({}),
    'vm.create': ({ notify, id }) => (notify('progress', { request: id, message: 'making' }), { id: 'adbvzwdf' }),
  })
  const door = await openDoor(t, daemon.directory, options)
  return { ...door, daemon, send: (head, body = '') => sendRaw(door.at, (write) => void write(`${head.replaceAll('\n', '\r\n')}\r\nConnection: close\r\n\r\n${body}`)) }
}

const asked = ({ requests }: FakeDaemon): string[] => requests.map(({ method }) => method)

t.test('a whole URL is its path, on the host that it names', async (t) => {
  const open = await openFor(t)
  t.match(await open.send('GET http://localhost/v1/vm HTTP/1.1\nHost: other'), /^HTTP\/1.1 200 /)
  t.match(await open.send('GET HTTPS://localhost:5000/v1/vm?state=running HTTP/1.0'), /^HTTP\/1.1 200 /)
  t.match(await open.send('GET http://localhost HTTP/1.1\nHost: localhost'), /^HTTP\/1.1 404 /)
  t.strictSame(open.daemon.requests, [{ method: 'vm.list', params: {} }, { method: 'vm.list', params: { state: 'running' } }])
  const own = await openFor(t, { tcp: true, names: ownNames('127.0.0.1', []) })
  t.match(await own.send('GET http://evil.example/v1/vm HTTP/1.1\nHost: localhost'), /^HTTP\/1.1 421 /, 'the header does not make up for it')
  t.match(await own.send('GET http://localhost/v1/vm HTTP/1.1\nHost: evil.example'), /^HTTP\/1.1 200 /)
})

t.test('OPTIONS of the server as a whole is answered', async (t) => {
  const { send } = await openFor(t)
  t.match(await send('OPTIONS * HTTP/1.1\nHost: x'), /^HTTP\/1.1 204 /)
  t.match(await send('GET * HTTP/1.1\nHost: x'), /^HTTP\/1.1 404 /)
})

t.test('on every path OPTIONS names the verbs that are described, and HEAD has the headers of GET', async (t) => {
  const answers = Object.keys(methods).map((name) => [name, () => (name === 'system.metrics' ? { contentType: 'text/plain', text: 'x 1\n' } : { asked: name })] as const)
  const daemon = await startFakeDaemon(t, Object.fromEntries(answers))
  const { at } = await openDoor(t, daemon.directory)
  for (const [template, described] of Object.entries(describeHttp('1').paths)) {
    const path = template.replaceAll(/\{\w+\}/g, 'web')
    const verbs = Object.keys(described).map((verb) => verb.toUpperCase())
    const isStream = described['get']?.responses['200'] !== undefined && 'text/event-stream' in (described['get'].responses['200'] as { content: object }).content
    const { status, headers: { allow = '' } } = await fetchFrom(at, `OPTIONS ${path}`)
    const expected = verbs.includes('GET') && !isStream ? [...verbs, 'HEAD'] : verbs
    // an image may be called as what is done with images
    t.strictSame([status, expected.filter((verb) => !allow.split(', ').includes(verb))], [204, []], path)
    if (!verbs.includes('GET') || isStream) continue
    const [head, get] = [await fetchFrom(at, `HEAD ${path}`), await fetchFrom(at, `GET ${path}`)]
    t.strictSame({ ...head.headers, date: '' }, { ...get.headers, date: '' }, path)
    t.strictSame([head.status, head.text, get.status], [200, '', 200], path)
  }
})

t.test('a body of nothing has no type that could be wrong', async (t) => {
  const { send, daemon } = await openFor(t)
  for (const what of ['POST /v1/vm/web/start', 'DELETE /v1/vm/web']) {
    t.match(await send(`${what} HTTP/1.1\nHost: x\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 0`), /^HTTP\/1.1 200 /, `${what}, as curl -d '' sends it`)
  }
  t.match(await send('POST /v1/vm HTTP/1.1\nHost: x\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 1', 'a'), /^HTTP\/1.1 415 /)
  t.strictSame(asked(daemon), ['vm.start', 'vm.delete'])
})

t.test('who waits for a word before the body is told what its headers say already', async (t) => {
  const { at, daemon, log, send } = await openFor(t)
  const expect = async (path: string, length: number): Promise<{ status: number; isAwaited: boolean }> => {
    const request = ask({ ...at, agent: false, method: 'POST', path, headers: { 'content-type': 'application/json', 'content-length': length, expect: '100-continue' } })
    let isAwaited = false
    request.on('error', () => undefined).on('continue', () => {
      isAwaited = true
      request.end('{"image":"tiny"}')
    })
    request.flushHeaders()
    const [response] = await once(request, 'response')
    request.destroy()
    return { status: response.statusCode, isAwaited }
  }
  t.strictSame(await expect('/v1/vm', 16), { status: 200, isAwaited: true })
  t.strictSame(await expect('/v1/vm', 2_000_000), { status: 413, isAwaited: false })
  t.strictSame(await expect('/v1/nothing', 16), { status: 404, isAwaited: false })
  t.match(await fetchFrom(at, 'POST /v1/vm', { body: { image: 'tiny' }, headers: { expect: 'the unexpected' } }), { status: 200 })
  const old = await send('POST /v1/vm HTTP/1.0\nContent-Type: application/json\nExpect: 100-continue\nContent-Length: 16', '{"image":"tiny"}')
  t.match(old, /^HTTP\/1.1 200 /, 'HTTP/1.0 has no such word')
  t.strictSame(asked(daemon), ['vm.create', 'vm.create', 'vm.create'])
  t.equal(log.length, 5, 'each is in the log')
})

t.test('headers of which there is one are not said twice, nor a body coded in ways that are not read', async (t) => {
  const { send, daemon } = await openFor(t)
  const post = (headers: string, version = '1.1'): Promise<string> => send(`POST /v1/vm HTTP/${version}\nHost: x\n${headers}`, '10\r\n{"image":"tiny"}\r\n0\r\n\r\n')
  t.match(await post('Content-Type: application/json\nTransfer-Encoding: chunked\nIdempotency-Key: a\nIdempotency-Key: b'), /^HTTP\/1.1 400 .*idempotency-key/s)
  t.match(await post('Content-Type: application/json\nContent-Type: text/plain\nTransfer-Encoding: chunked'), /^HTTP\/1.1 400 .*content-type/s)
  t.match(await post('Content-Type: application/json\nTransfer-Encoding: gzip, chunked'), /^HTTP\/1.1 400 .*Transfer-Encoding: gzip, chunked is not read/s)
  t.match(await post('Content-Type: application/json\nConnection: keep-alive\nTransfer-Encoding: chunked', '1.0'), /^HTTP\/1.1 400 /)
  t.strictSame(asked(daemon), [])
  const withTrailer = '10;a=b\r\n{"image":"tiny"}\r\n0\r\nIdempotency-Key: late\r\n\r\n'
  t.match(await send('POST /v1/vm HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: Chunked\nTrailer: Idempotency-Key', withTrailer), /^HTTP\/1.1 200 /)
  t.strictSame(daemon.requests, [{ method: 'vm.create', params: { image: 'tiny' } }], 'a trailer is no header')
})

t.test('a change on a condition that cannot be met is not made', async (t) => {
  const { at, daemon } = await openFor(t)
  for (const headers of [{ 'if-match': '"v1"' }, { 'if-none-match': '*' }]) {
    t.match(await fetchFrom(at, 'DELETE /v1/vm/web', { headers }), { status: 412, json: { name: 'PRECONDITION_FAILED' } }, JSON.stringify(headers))
  }
  t.strictSame(asked(daemon), [])
  t.match(await fetchFrom(at, 'DELETE /v1/vm/web', { headers: { 'if-match': '*' } }), { status: 200 })
  const cached = { 'if-none-match': '"v1"', 'if-modified-since': 'Fri, 27 Nov 2026 18:00:00 GMT', range: 'bytes=0-3' }
  t.match(await fetchFrom(at, 'GET /v1/vm', { headers: cached }), { status: 200, json: { vms: [] } }, 'all of it')
})

t.test('events are sent to whom they are as welcome as JSON', async (t) => {
  const { at } = await openFor(t)
  const typeFor = async (accept: string): Promise<unknown> => (await fetchFrom(at, 'POST /v1/vm', { body: { image: 'tiny' }, headers: { accept } })).headers['content-type']
  for (const accept of ['text/event-stream', 'application/json, text/event-stream', 'Text/Event-Stream; q=0.5, */*;q=0.1']) t.match(await typeFor(accept), /^text\/event-stream/, accept)
  for (const accept of ['*/*', 'text/*', 'text/event-stream;q=0', 'application/json, text/event-stream;q=0.5', 'text/event-stream;q=x']) t.match(await typeFor(accept), /^application\/json/, accept)
})
