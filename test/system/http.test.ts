/** `aetherscale http` before a real daemon with real VMs: the contract of old message by message, and what holds it together. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { request as askSecurely } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../inputs/free-port.ts'
import { run, start, type Running } from '../tui/command-process.ts'
import { fetchFrom, readEvents, type Answer, type Asked, type OpenDoor } from '../tui/http/open-door.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

interface Served {
  readonly at: OpenDoor['at']
  readonly door: Running
}

async function serve(t: Test, daemon: TestDaemon, ...options: string[]): Promise<Served> {
  const door = start(t, ['http', '--socket-dir', daemon.sockets, ...options], { HOME: daemon.root })
  await door.sees('"listening"')
  const port = /"url":"https?:\/\/127\.0\.0\.1:(\d+)\/"/.exec(door.shown())?.[1]
  return { door, at: port === undefined ? { socketPath: join(daemon.sockets, 'http.sock') } : { host: '127.0.0.1', port: Number(port) } }
}

t.test('scripts of the first aetherscale make a VM, see it, stop it, start it and delete it', async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const port = await freePort()
  const { door } = await serve(t, daemon, '--listen', `127.0.0.1:${port}`, '--insecure-no-token', '--memory', '128M')
  /** As somebody types it, and the answer as it is printed. */
  const curl = (verb: string, path: string, body?: object): { status: number; json: unknown } => {
    const data = body === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)]
    const shown = ['curl', ...(verb === 'GET' ? [] : ['-X', verb]), ...(body === undefined ? [] : [data[0]!, `'${data[1]!}'`, '-d', `'${data[3]!}'`]), `localhost:5000${path}`]
    const output = execFileSync('curl', ['-sS', '-m', '240', '-X', verb, ...data, '-w', '\n%{http_code}', `http://127.0.0.1:${port}${path}`], { encoding: 'utf8' })
    const at = output.lastIndexOf('\n')
    const text = output.slice(0, at)
    t.comment(`$ ${shown.join(' ')}`)
    t.comment(`${output.slice(at + 1)} ${text}`)
    return { status: Number(output.slice(at + 1)), json: JSON.parse(text) as unknown }
  }

  t.strictSame(curl('GET', '/vm'), { status: 200, json: [] })
  t.strictSame(curl('GET', '/vpn'), { status: 200, json: [] })
  const made = curl('POST', '/vm', { image: 'tiny', 'init-script': '#!/bin/sh\necho hello\n', 'public-ip': false })
  const id = (made.json as { 'vm-id': string })['vm-id']
  t.match(id, /^[a-z]{8}$/)
  t.strictSame(made, { status: 200, json: { status: 'starting', 'vm-id': id } })
  t.match(await daemon.client.call('vm.get', { vm: id }), { memoryMiB: 128, autostart: true, state: 'running' })
  t.strictSame(curl('GET', `/vm/${id}`), { status: 200, json: { 'vm-id': id, status: 'running' } })
  t.strictSame(curl('GET', '/vm'), { status: 200, json: [{ 'vm-id': id, 'ip-addresses': [], hint: 'Could not retrieve IP address for guest' }] }, 'before its agent answers')
  await daemon.client.call('vm.wait', { vm: id, for: 'agent', timeoutSeconds: 240 })
  await eventually(async () => (await daemon.client.call('vm.get', { vm: id })).addresses.length > 0, 'addresses')
  const listed = (curl('GET', '/vm').json as object[])[0]!
  t.match(listed, { 'vm-id': id, 'ip-addresses': [/^[\d.]+$/] })
  t.notOk('hint' in listed)

  t.match(curl('PATCH', `/vm/${id}`, {}), { status: 400 })
  t.match(curl('PATCH', `/vm/${id}`, { status: 'paused' }), { status: 400 })
  t.match(curl('PATCH', `/vm/${id}`, { status: 'started' }), { status: 200, json: { status: 'starting', 'vm-id': id, hint: /already started/ } })
  t.match(curl('PATCH', `/vm/${id}`, { status: 'stopped' }), { status: 200, json: { status: 'stopped', 'vm-id': id } })
  await daemon.client.call('vm.wait', { vm: id, for: 'stopped', timeoutSeconds: 240 })
  t.match(await daemon.client.call('vm.get', { vm: id }), { autostart: false })
  t.strictSame(curl('GET', `/vm/${id}`), { status: 200, json: { 'vm-id': id, status: 'stopped' } })
  t.match(curl('PATCH', `/vm/${id}`, { status: 'stopped' }), { status: 200, json: { status: 'stopped', 'vm-id': id, hint: /not running/ } })
  t.strictSame(curl('PATCH', `/vm/${id}`, { status: 'started' }), { status: 200, json: { status: 'starting', 'vm-id': id } })
  t.strictSame(curl('DELETE', `/vm/${id}`), { status: 200, json: { status: 'deleted', 'vm-id': id } })
  t.strictSame(curl('GET', '/vm'), { status: 200, json: [] })
  t.match(curl('GET', `/vm/${id}`), { status: 404, json: { name: 'VM_NOT_FOUND' } })
  for (const verb of ['PATCH', 'DELETE']) t.match(curl(verb, `/vm/${id}`, { status: 'started' }), { status: 404 })
  for (const path of ['/vm/UPPER', '/vm/..%2f..', '/vm/a%00b', '/vpn/none', '/vpn/NOT-A-NAME']) t.match(curl('GET', path), { status: 404 })
  t.match(curl('POST', '/vm', {}), { status: 400, json: { field: 'image' } })
  t.match(curl('POST', '/vm', { image: 'none' }), { status: 404, json: { name: 'IMAGE_NOT_FOUND' } })
  t.notMatch(door.shown(), /hello|IMAGE|defect/)
})

t.test('the same VM by the new routes: made with progress and once, asked, followed, measured', async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const { at } = await serve(t, daemon)
  t.equal(statSync((at as { socketPath: string }).socketPath).mode & 0o777, 0o600)
  const ask = async (what: string, asked: Asked = {}): Promise<Answer> => await fetchFrom(at, what, asked)

  const following = readEvents(at, 'GET /v1/events?kinds=vm.created&kinds=vm.deleted', 2)
  const body = { image: 'tiny', name: 'web', memoryMiB: 128 }
  const headers = { 'idempotency-key': '"deploy-17"' }
  const events = await readEvents(at, 'POST /v1/vm', 99, { body, headers: { ...headers, accept: 'text/event-stream' } })
  t.ok(events.length >= 2 && events.slice(0, -1).every(({ event }) => event === 'progress'))
  t.match(events.at(-1), { event: 'result', data: { name: 'web', state: 'running' } })
  const { id } = events.at(-1)!.data as { id: string }
  t.match(await ask('POST /v1/vm', { body, headers }), { status: 200, json: { id } }, 'asked again it is the same VM')
  t.match(await ask('POST /v1/vm', { body: { ...body, memoryMiB: 256 }, headers }), { status: 409, json: { name: 'VM_REQUEST_REUSED' } })
  t.match(await ask('GET /v1/vm?state=running'), { status: 200, json: { vms: [{ id }] } })
  t.match(await ask('GET /v1/vm?state=stopped'), { json: { vms: [] } })
  t.match(await ask('GET /v1/vm?state=odd'), { status: 400, json: { name: 'INVALID_PARAMS', field: 'state' } })
  t.match(await ask('POST /v1/vm/-/plan', { body: { image: 'tiny', networks: [{ kind: 'user' }] } }), { status: 200, json: { commands: Array } })
  t.match(await ask('GET /v1/vm/web/wait?for=agent&timeoutSeconds=240'), { status: 200, json: { agent: 'connected' } })
  t.match(await ask('POST /v1/vm/web/exec', { body: { command: ['echo', 'hi'] } }), { status: 200, json: { stdout: 'hi\n' } })
  t.match(await ask('GET /v1/vm/web/log?limitBytes=64'), { status: 200, json: { nextOffset: Number } })
  t.match(await readEvents(at, 'GET /v1/stats?everySeconds=1', 2), [{ event: 'stats', data: { vms: [{ vm: id }] } }, { event: 'stats' }])
  const metrics = await ask('GET /metrics')
  t.match(metrics, { status: 200, headers: { 'content-type': /^text\/plain; version=/ } })
  t.match(metrics.text, /^# HELP /m)
  t.match(await ask('GET /v1/vm/-/stats?overSeconds=0'), { status: 200, json: { vms: [{ vm: id }] } })
  t.match(await ask('DELETE /v1/vm/web'), { status: 200, json: { id } })
  t.match(await following, [{ data: { kind: 'vm.created', vm: id } }, { data: { kind: 'vm.deleted', vm: id } }])
})

t.test('a client that leaves ends the command in the guest that it asked for', async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const { at } = await serve(t, daemon)
  await daemon.client.call('vm.create', { image: 'tiny', name: 'web', memoryMiB: 128 })
  await daemon.client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: 240 })
  const { socketPath } = at as { socketPath: string }
  const curl = spawn('curl', ['-sS', '--unix-socket', socketPath, '-H', 'content-type: application/json', '-d', JSON.stringify({ command: ['sleep', '4242'], timeoutSeconds: 3600 }), 'http://x/v1/vm/web/exec'], { stdio: 'ignore' })
  const sleeps = async (): Promise<boolean> => (await daemon.client.call('vm.exec', { vm: 'web', command: ['sh', '-c', 'ps | grep -c "[s]leep 4242" || true'] })).stdout.trim() !== '0'
  await eventually(sleeps, 'the command runs')
  curl.kill('SIGKILL')
  await eventually(async () => !(await sleeps()), 'the command has ended')
  t.pass()
})

t.test('with a token on TCP, by TLS, for those who observe; the daemon comes and goes, and 1,000 clients are answered', async (t) => {
  const daemon = await startTestDaemon(t)
  const secrets = join(daemon.root, 'tls')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', `${secrets}.key`, '-out', `${secrets}.pem`], { stdio: 'ignore' })
  const tokenFile = join(daemon.root, 'http.token')
  const { at, door } = await serve(t, daemon, '--listen', '127.0.0.1:0', '--tls-cert', `${secrets}.pem`, '--tls-key', `${secrets}.key`, '--token-file', tokenFile, '--read-only')
  const token = readFileSync(tokenFile, 'utf8').trim()
  const { port } = at as { port: number }
  const ask = (method: string, path: string, authorization: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = askSecurely({ host: 'localhost', port, method, path, ca: readFileSync(`${secrets}.pem`), family: 4, agent: false, headers: { authorization } }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!))
      })
      request.once('error', reject).end()
    })
  t.equal(await ask('GET', '/v1/vm', `Bearer ${token}`), 200)
  t.equal(await ask('GET', '/v1/vm', 'Bearer nothing-of-the-kind-here'), 401)
  t.equal(await ask('POST', '/v1/vm/web/start', `Bearer ${token}`), 403, 'it only observes')
  await daemon.stop()
  t.equal(await ask('GET', '/v1/vm', `Bearer ${token}`), 503)
  await daemon.start()
  t.equal(await ask('GET', '/v1/vm', `Bearer ${token}`), 200, 'found again')
  t.notMatch(door.shown(), token)

  const plain = await serve(t, daemon)
  const whileAway = Promise.all(Array.from({ length: 200 }, async () => (await fetchFrom(plain.at, 'GET /v1/vm')).status))
  await daemon.kill()
  await daemon.start()
  for (const status of new Set(await whileAway)) t.ok([200, 502, 503].includes(status), String(status))
  const statuses = await Promise.all(Array.from({ length: 1000 }, async () => (await fetchFrom(plain.at, 'GET /v1/vm')).status))
  t.strictSame([...new Set(statuses)], [200])
})

t.test('of two doors at one place the second says why not; one that ends takes its socket with it', async (t) => {
  const daemon = await startTestDaemon(t)
  const { at, door } = await serve(t, daemon)
  const second = await run(t, ['http', '--socket-dir', daemon.sockets])
  t.equal(second.status, 1)
  t.match(second.stderr, /Somebody listens on .*http\.sock already/)
  t.match(await fetchFrom(at, 'GET /v1/system/info'), { status: 200, json: { access: 'control' } })
  door.child.kill('SIGTERM')
  t.equal((await door.ended).status, 0)
  t.notOk(existsSync((at as { socketPath: string }).socketPath))
  t.match(await run(t, ['http', '--listen', '0.0.0.0:5000']), { status: 2, stderr: /--tls-cert/ })
})
