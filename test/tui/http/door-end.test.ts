/** How the door ends: what is under way, who waits, and who has gone. */
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startFakeDaemon, type FakeAnswer } from '../../fakes/daemon.ts'
import { makeVms } from '../../inputs/vms.ts'
import { fetchFrom, openDoor, readEvents, sendRaw } from './open-door.ts'

const never: FakeAnswer = () => new Promise(() => undefined)

t.test('at its end what is under way is answered, and nothing new is taken', async (t) => {
  let end = (): void => {}
  const daemon = await startFakeDaemon(t, { 'vm.exec': () => new Promise((resolve) => (end = () => resolve({ exitCode: 0 }))), 'events.subscribe': () => ({}) })
  const { at, close } = await openDoor(t, daemon.directory)
  const running = fetchFrom(at, 'POST /v1/vm/web/exec', { body: { command: ['x'] }, headers: { connection: 'keep-alive' } })
  const silent = sendRaw(at, () => undefined)
  const events = readEvents(at, 'GET /v1/events', 9)
  while (daemon.requests.length < 2) await delay(5)
  const closed = close()
  t.match(await events, [{ event: 'problem', data: { name: /DAEMON/ } }])
  await t.rejects(fetchFrom(at, 'GET /v1/vm'))
  t.equal(await silent, '', 'a connection without a request does not hold it')
  end()
  t.match(await running, { status: 200, headers: { connection: 'close' } })
  await closed
})

t.test('who waits for what does not end is told at the end', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.exec': never, 'vm.list': never })
  const { at, close } = await openDoor(t, daemon.directory, { limits: { shutdownMs: 50 } })
  const running = [fetchFrom(at, 'POST /v1/vm/web/exec', { body: { command: ['x'] } }), fetchFrom(at, 'GET /v1/vm')]
  while (daemon.requests.length < 2) await delay(5)
  await close()
  for (const answer of await Promise.all(running)) t.match(answer, { status: 502, json: { name: 'DAEMON_LOST', detail: /door was closed/ } })
  t.equal(daemon.requests.length, 2, 'nothing was asked anew')
})

t.test('an answer to a client that has gone keeps nothing from ending', async (t) => {
  let end = (): void => {}
  const daemon = await startFakeDaemon(t, { 'vm.create': () => new Promise((resolve) => (end = () => resolve({ id: 'adbvzwdf' }))) })
  const { at, log } = await openDoor(t, daemon.directory)
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const client = request({ ...at, agent: false, method: 'POST', path: '/v1/vm', headers: { 'content-type': 'application/json', host: 'localhost' } })
  client.on('error', () => undefined)
  client.end('{"image":"tiny"}')
  while (daemon.requests.length < 1) await delay(5)
  client.destroy()
  while (log.length < 1) await delay(5)
  end()
  await delay(50)
  t.equal(timers(), before)
})

t.test('a guest that powers down long after the answer does not hold the door at its end', async (t) => {
  const [vm] = makeVms(1)
  let asked: Socket | undefined
  const stop: FakeAnswer = ({ socket }) => ((asked = socket), new Promise(() => undefined))
  const daemon = await startFakeDaemon(t, { 'vm.set': () => vm, 'vm.stop': stop })
  const { at, log, close } = await openDoor(t, daemon.directory)
  t.match(await fetchFrom(at, 'PATCH /vm/web', { body: { status: 'stopped' } }), { status: 200, json: { status: 'stopped', hint: /has not yet/ } })
  const ended = once(asked!, 'close')
  await close()
  await ended
  t.notMatch(log.join(''), 'was not stopped', 'the daemon goes on')
})
