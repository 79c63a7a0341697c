/** SIGHUP: token and certificate are read anew, by a door that is a process, and nobody is cut off. */
import { once } from 'node:events'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request as ask } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { makeTestDirectory, startFakeDaemon, type FakeRequest } from '../../fakes/daemon.ts'
import { run, start, startOnTerminal, type Running } from '../command-process.ts'
import { makeCertificate } from './certificates.ts'
import { fetchFrom } from './open-door.ts'

const [first, second] = ['first-token-of-enough-letters', 'second-token-of-enough-letters']

/** Answers the log's lines that follow. */
async function hangUp({ child, shown }: Running, until: RegExp): Promise<string> {
  const before = shown().length
  child.kill('SIGHUP')
  while (!until.test(shown().slice(before))) await delay(10)
  return shown().slice(before)
}

async function openSecurely(t: Test) {
  let subscriber: FakeRequest | undefined
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }), 'events.subscribe': (request) => ((subscriber = request), {}) })
  const made = { ec: makeCertificate(directory, 'ec'), rsa: makeCertificate(directory, 'rsa') }
  const [cert, key, tokenFile] = ['cert', 'key', 'token'].map((name) => join(directory, name)) as [string, string, string]
  const put = (kind: 'ec' | 'rsa', token: string, text: Buffer = Buffer.concat([made[kind].leaf, made[kind].between])): void => {
    writeFileSync(cert, text)
    writeFileSync(key, made[kind].key)
    writeFileSync(tokenFile, token, { mode: 0o600 })
  }
  put('ec', first)
  const args = ['http', '--socket-dir', directory, '--listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key, '--token-file', tokenFile]
  const door = start(t, args)
  await door.sees('"listening"')
  const at = { host: '127.0.0.1', port: Number(/:(\d+)\//.exec(door.shown())![1]), ca: [made.ec.root, made.rsa.root] }
  /** Fails where the certificate does not lead to a root. */
  const greet = async (session?: Buffer): Promise<TLSSocket> => {
    const socket = connect({ ...at, ...(session && { session }) })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  return { door, args, at, made, put, tokenFile, greet, notify: (news: object) => subscriber!.notify('event', news) }
}

const nameOf = (socket: TLSSocket): string => socket.getPeerCertificate().subject.CN as string

t.test('the next handshake has the new certificate, the next request needs the new token, and what is open goes on', async (t) => {
  const { door, at, put, greet, notify } = await openSecurely(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const get = async (path: string, token: string, by: Agent | false): Promise<IncomingMessage> => {
    const request = ask({ ...at, path, agent: by, headers: { authorization: `Bearer ${token}` } })
    request.on('error', () => undefined).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response
  }
  const statusOf = async (token: string, by: Agent | false = agent): Promise<unknown> => {
    const response = await get('/v1/vm', token, by)
    const name = nameOf(response.socket as TLSSocket)
    await once(response.resume(), 'end')
    return [response.statusCode, name]
  }
  const stream = await get('/v1/events', first, false)
  t.teardown(() => stream.destroy())
  let session: Buffer | undefined
  const resumable = await greet()
  resumable.on('session', (ticket) => (session = ticket))
  resumable.write('GET /v1/vm HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(resumable, 'data')
  t.ok((await greet(session)).isSessionReused(), 'a session goes on while the certificate is the same')
  t.strictSame(await statusOf(first), [200, 'leaf ec'])

  put('rsa', second)
  await hangUp(door, /"read anew"/)
  t.strictSame(await statusOf(first), [401, 'leaf ec'], 'on the connection of before, which has gone on')
  t.strictSame(await statusOf(second), [200, 'leaf ec'])
  t.strictSame(await statusOf(second, false), [200, 'leaf rsa'])
  t.notOk((await greet(session)).isSessionReused(), 'a session of the old certificate is none any more')
  notify({ kind: 'vm.created' })
  const [chunk] = (await once(stream, 'data')) as [Buffer]
  t.match(String(chunk), 'vm.created')
  t.notMatch(door.shown(), /token-of-enough/)
})

t.test('a file that is bad then changes nothing, and is told as at the start', async (t) => {
  const { door, args, made, put, tokenFile, greet } = await openSecurely(t)
  const look = async (token: string): Promise<string> => {
    const socket = await greet()
    const name = nameOf(socket)
    socket.write(`GET /v1/vm HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return `${text.slice(9, 12)} ${name}`
  }
  const { leaf, between } = made.rsa
  const bad: [string, () => void, RegExp][] = [
    ['half a chain', () => put('rsa', second, Buffer.concat([leaf, between.subarray(0, -200)])), /cannot be used for TLS/],
    ['the key of another', () => put('rsa', second, made.ec.leaf), /another certificate/],
    ['a token that others may read', () => (put('rsa', second), chmodSync(tokenFile, 0o644)), /"nothing is taken anew: The token file .* cannot be used: others than its owner/],
  ]
  for (const [what, spoil, why] of bad) {
    spoil()
    const told = await hangUp(door, /"level":50.*\n/)
    t.match(told, why, what)
    t.equal(await look(first), '200 leaf ec', what)
    t.equal(await look(second), '401 leaf ec', what)
    const { stderr } = await run(t, args)
    t.match(told, JSON.stringify(/^aetherscale: (.*)/.exec(stderr)![1]).slice(1, -1), `${what}: as at the start`)
    chmodSync(tokenFile, 0o600)
  }
  put('rsa', second)
  await hangUp(door, /"read anew"/)
  t.equal(await look(second), '200 leaf rsa', 'mended')
})

t.test('where there is nothing to read anew, it goes on, however often it is told', async (t) => {
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) })
  const door = start(t, ['http', '--socket-dir', directory])
  await door.sees('"listening"')
  for (let i = 0; i < 20; i++) door.child.kill('SIGHUP')
  await hangUp(door, /"read anew"/)
  t.match(await fetchFrom({ socketPath: join(directory, 'http.sock') }, 'GET /v1/vm'), { status: 200 })
})

t.test('who closes the terminal that it was started in ends it', async (t) => {
  const directory = await makeTestDirectory(t)
  const socket = join(directory, 'http.sock')
  const { child, sees, shown } = startOnTerminal(t, `echo "pid $$;"; exec $NODE $PROGRAM http --socket-dir '${directory}'`)
  await sees('"listening"')
  const pid = Number(/pid (\d+);/.exec(shown())![1])
  t.teardown(() => {
    if (existsSync(socket)) process.kill(pid, 'SIGKILL')
  })
  process.kill(pid, 'SIGHUP')
  await sees('"read anew"')
  child.kill('SIGKILL')
  while (existsSync(socket)) await delay(10)
  t.pass('its socket has gone, as at any end')
})
