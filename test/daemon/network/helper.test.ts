import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createNetworkHelper } from '../../../daemon/network/helper.ts'
import { LINE_LIMIT } from '../../../policy/wire.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { grantAll, HelperRefusal, startFakeHelper } from '../../fakes/helper-server.ts'

const patience = { answerMs: 5000, restartMs: 1500, absentMs: 50 }
const tap = { vm: 'adbvzwdf', nic: 0, attach: { network: 'lan', addresses: [] }, mac: '52:54:00:12:34:56' }

t.test('an operation is asked for on a connection of its own, and its result answered', async (t) => {
  const path = join(makeFolder(t), 's')
  const { requests } = await startFakeHelper(t, path)
  const helper = createNetworkHelper(path)
  t.same(await helper.call('bridge.ensure', { network: 'lan' }), { name: 'aeb-lan', changed: true })
  t.same(await helper.call('tap.ensure', tap), { name: 'aet-adbvzwdf-0', changed: true })
  t.same(requests, [
    { operation: 'bridge.ensure', params: { network: 'lan' } },
    { operation: 'tap.ensure', params: tap },
  ])
})

t.test('a refusal keeps its name, its words and its hint', async (t) => {
  const path = join(makeFolder(t), 's')
  await startFakeHelper(t, path, () => new HelperRefusal('NET_DENIED', 'uid 7 may not', 'add "br0"'))
  await t.rejects(createNetworkHelper(path).call('tap.ensure', tap), {
    name: 'UserError', message: 'uid 7 may not', data: { name: 'NET_DENIED', hint: 'add "br0"' },
  })
})

t.test('of a burst of requests, few are under way at a time', async (t) => {
  const path = join(makeFolder(t), 's')
  const { requests, mostAtOnce } = await startFakeHelper(t, path, async (request) => {
    await delay(2)
    return grantAll(request)
  })
  const helper = createNetworkHelper(path)
  await Promise.all(Array.from({ length: 100 }, () => helper.call('bridge.ensure', { network: 'lan' })))
  t.equal(requests.length, 100)
  t.ok(mostAtOnce() <= 4, `${mostAtOnce()} at once`)
})

t.test('a host without a helper is told at once, and what works without', async (t) => {
  const path = join(makeFolder(t), 's')
  const began = performance.now()
  await t.rejects(createNetworkHelper(path).call('policy.get', {}), {
    message: `The network helper does not answer at ${path}: there is no socket`,
    data: { name: 'NET_UNREACHABLE', hint: /`user`/ },
    cause: { code: 'ENOENT' },
  })
  t.ok(performance.now() - began < 1500)
})

t.test('a helper that starts anew is waited for', async (t) => {
  const path = join(makeFolder(t), 's')
  const helper = createNetworkHelper(path, patience)
  await t.test('heard once', async (t) => {
    await startFakeHelper(t, path)
    t.match(await helper.call('policy.get', {}), { uid: 0 })
  })
  const asked = helper.call('policy.get', {})
  await delay(300)
  await startFakeHelper(t, path)
  t.match(await asked, { uid: 0 })
})

t.test('a request whose answer was lost is sent again', async (t) => {
  const path = join(makeFolder(t), 's')
  let times = 0
  const { requests } = await startFakeHelper(t, path, (request, client) => {
    times += 1
    if (times === 1) return void client.destroy()
    if (times === 2) return void client.end('{"jsonrpc":"2.0","id":1,"resu')
    return grantAll(request)
  })
  t.match(await createNetworkHelper(path).call('bridge.ensure', { network: 'lan' }), { name: 'aeb-lan' })
  t.equal(requests.length, 3)
})

t.test('a helper that is gone for longer is given up', async (t) => {
  const path = join(makeFolder(t), 's')
  await startFakeHelper(t, path, (_request, client) => void client.destroy())
  const helper = createNetworkHelper(path, { ...patience, restartMs: 200 })
  await t.rejects(helper.call('policy.get', {}), { data: { name: 'NET_UNREACHABLE' }, cause: { code: 'ECONNRESET' } })
})

t.test('a helper that hangs is given up after the deadline, and does not hold up the next', async (t) => {
  const path = join(makeFolder(t), 's')
  let hangs = true
  await startFakeHelper(t, path, (request) => (hangs ? undefined : grantAll(request)))
  const helper = createNetworkHelper(path, { ...patience, answerMs: 200 })
  await t.rejects(Promise.all(Array.from({ length: 4 }, () => helper.call('policy.get', {}))), {
    data: { name: 'NET_UNREACHABLE', hint: /journalctl/ }, cause: { code: 'ETIMEDOUT' },
  })
  hangs = false
  t.match(await createNetworkHelper(path).call('policy.get', {}), { uid: 0 })
})

t.test('what answers otherwise is not taken for the helper', async (t) => {
  const hostile: [string, unknown][] = [
    ['a line without end', Buffer.alloc(LINE_LIMIT + 1, 'x')],
    ['no JSON', Buffer.from('hello\n')],
    ['no UTF-8', Buffer.from([0xff, 0x0a])],
    ['a result that does not fit', { name: 7 }],
    ['an answer that is none', Buffer.from('{"jsonrpc":"2.0","id":1}\n')],
  ]
  for (const [what, answer] of hostile) {
    const path = join(makeFolder(t), 's')
    const { requests } = await startFakeHelper(t, path, () => answer)
    await t.rejects(createNetworkHelper(path).call('bridge.ensure', { network: 'lan' }), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } }, what)
    t.equal(requests.length, 1, `${what}: once is enough`)
  }
})

const isRoot = process.getuid?.() === 0
t.test('a socket of another user says whose it is', { skip: isRoot && 'root may use every socket' }, async (t) => {
  const path = join(makeFolder(t), 's')
  await startFakeHelper(t, path)
  chmodSync(path, 0)
  await t.rejects(createNetworkHelper(path).call('policy.get', {}), {
    message: new RegExp(`may not use this socket, which is uid ${process.getuid?.()}'s`), data: { name: 'NET_UNREACHABLE', hint: /allowlist/ },
  })
})

t.test('what is no socket is not waited for', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'folder'))
  const call = (name: string): Promise<unknown> => createNetworkHelper(join(folder, name)).call('policy.get', {})
  await t.rejects(call('file/s'), { data: { name: 'NET_UNREACHABLE' }, cause: { code: 'ENOTDIR' } })
  await t.rejects(createNetworkHelper(join(folder, 'file'), patience).call('policy.get', {}), { name: 'UserError', data: { name: 'NET_UNREACHABLE' } })
})
