import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { AgentAbsent, AgentError, AgentNonsense, AgentTimeout, createGuestAgent } from '../../../daemon/qemu/agent.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { startFakeAgent, syncReply } from '../../fakes/agent-server.ts'
import { AGENT_PORT } from '../../../daemon/qemu/argv.ts'
import { startQemu } from './start-qemu.ts'

/** For what is to answer by itself: far beyond what it takes. */
const LONG_MS = 60_000
const SHORT_MS = 50

function pathIn(t: Parameters<typeof makeFolder>[0]): string {
  return join(makeFolder(t), 'agent.sock')
}

t.test('asks, after a sync', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeAgent(t, path, () => ({ return: { version: '7.2' } }))
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  t.same(await agent.execute('guest-info', { a: 1 }), { version: '7.2' })
  await agent.ping()
  t.same(fake.commands, [{ execute: 'guest-info', arguments: { a: 1 } }, { execute: 'guest-ping' }])
})

t.test('questions asked at once take turns', async (t) => {
  const path = pathIn(t)
  let open = 0
  await startFakeAgent(t, path, ({ execute }, client) => {
    t.equal(++open, 1)
    client.on('close', () => open--)
    return { return: execute }
  })
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  t.same(await Promise.all(['a', 'b', 'c'].map((command) => agent.execute(command))), ['a', 'b', 'c'])
})

t.test('what was left over for others is thrown away', async (t) => {
  const leftovers: [string, Uint8Array][] = [
    ['a late answer', Buffer.from('{"return": "stale"}\n')],
    ['half a late answer', Buffer.from('{"return": "sta')],
    ['the answer to another sync', Buffer.concat([syncReply(1), Buffer.from('{"return": "stale"}\n')])],
    ['a parser that was reset', Buffer.from('{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n')],
    ['noise', Buffer.from([0, 10, 0xff, 10, 0xff, 0xff, 0x80, 10])],
  ]
  for (const [title, hello] of leftovers) {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => ({ return: 'fresh' }), { hello })
    t.equal(await createGuestAgent(path, { timeoutMs: LONG_MS }).execute('x'), 'fresh', title)
  }
})

t.test('an agent that has not answered in time can be asked again', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeAgent(t, path, ({ execute }) => (execute === 'slow' ? undefined : { return: 'quick' }))
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  const slow = agent.execute('slow', {}, { timeoutMs: SHORT_MS })
  const quick = agent.execute('quick')
  await t.rejects(slow, AgentTimeout)
  t.equal(await quick, 'quick')
  t.equal(fake.connections(), 2)
})

t.test('whoever lingers asks on over the same connection, and it is let go in time', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeAgent(t, path, ({ execute }) => (execute === 'no' ? { error: { class: 'GenericError', desc: 'no' } } : { return: execute }))
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  t.equal(await agent.execute('a', {}, { lingerMs: 200 }), 'a')
  await t.rejects(agent.execute('no'), AgentError)
  t.equal(await agent.execute('b'), 'b')
  t.equal(fake.connections(), 1)
  await delay(400)
  t.equal(fake.open(), 0, 'somebody else may come')
  t.equal(await agent.execute('c'), 'c')
  t.equal(fake.connections(), 2)
})

t.test('a connection that was kept and has gone meanwhile is made anew, unless the agent may have heard the question', async (t) => {
  const path = pathIn(t)
  const fake = await startFakeAgent(t, path, ({ execute }, client) => {
    if (execute === 'die') return void client.destroy()
    if (execute === 'leave') client.end('{"return": "leave"}\n')
    return { return: execute }
  })
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  await agent.execute('leave', {}, { lingerMs: LONG_MS })
  t.equal(await agent.execute('next', {}, { lingerMs: LONG_MS }), 'next')
  t.equal(fake.connections(), 2)
  await t.rejects(agent.execute('die', {}, { lingerMs: LONG_MS }), AgentAbsent)
  t.equal(fake.connections(), 2)
  t.equal(fake.commands.filter(({ execute }) => execute === 'die').length, 1, 'asked once')
})

t.test('of a long answer only the beginning of its strings is kept', async (t) => {
  const path = pathIn(t)
  const long = { return: { data: 'x'.repeat(5_000_000), size: 5_000_000 } }
  await startFakeAgent(t, path, ({ execute }) => (execute === 'numbers' ? { return: Array.from({ length: 400_000 }, () => 1000) } : long))
  const agent = createGuestAgent(path, { timeoutMs: LONG_MS })
  t.same(await agent.execute('x', {}, { clipStrings: 100 }), { data: 'x'.repeat(100), size: 5_000_000 })
  await t.rejects(agent.execute('x'), AgentNonsense, 'it is too long where it is wanted as a whole')
  await t.rejects(agent.execute('numbers', {}, { clipStrings: 100 }), { message: /no long strings/ }, 'and where it is not strings that are long')
})

t.test('an answer may be given more time than the sign of life before it', async (t) => {
  const path = pathIn(t)
  await startFakeAgent(t, path, ({ execute }, client) => {
    if (execute === 'slow') setTimeout(() => client.write('{"return": 1}\n'), 4 * SHORT_MS)
    return undefined
  })
  const agent = createGuestAgent(path, { timeoutMs: SHORT_MS })
  t.equal(await agent.execute('slow', {}, { answerMs: LONG_MS }), 1)
  await t.rejects(agent.execute('never', {}, { timeoutMs: LONG_MS, answerMs: SHORT_MS }), AgentTimeout)
})

t.test('absent is: no socket, nobody who listens, no answer to the sync, a connection that ends', async (t) => {
  const nowhere = createGuestAgent(pathIn(t), { timeoutMs: LONG_MS })
  await t.rejects(nowhere.ping(), AgentAbsent)

  const silent = pathIn(t)
  await startFakeAgent(t, silent, () => undefined, { hearsSync: true })
  await t.rejects(createGuestAgent(silent, { timeoutMs: SHORT_MS }).ping(), AgentAbsent)

  const leaving = pathIn(t)
  await startFakeAgent(t, leaving, (_, client) => void client.end(), { hearsSync: true })
  await t.rejects(createGuestAgent(leaving, { timeoutMs: LONG_MS }).ping(), AgentAbsent)
})

t.test('a refusal has class and description, cut to what a log can hold', async (t) => {
  const path = pathIn(t)
  await startFakeAgent(t, path, () => ({ error: { class: 'CommandNotFound', desc: 'x'.repeat(100_000) } }))
  const error = await createGuestAgent(path, { timeoutMs: LONG_MS }).ping().catch((thrown: unknown) => thrown)
  t.ok(error instanceof AgentError)
  t.match(error, { class: 'CommandNotFound', desc: /^x{500}$/ })
})

t.test('a shutdown', async (t) => {
  t.test('is taken when QEMU ends', async (t) => {
    const path = pathIn(t)
    const fake = await startFakeAgent(t, path, (_, client) => void client.destroy())
    await createGuestAgent(path, { timeoutMs: LONG_MS }).shutdown()
    t.same(fake.commands, [{ execute: 'guest-shutdown', arguments: { mode: 'powerdown' } }])
  })
  t.test('is taken when the agent says nothing', async (t) => {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => undefined)
    await t.resolves(createGuestAgent(path, { timeoutMs: SHORT_MS }).shutdown())
  })
  t.test('is taken when the agent says so', async (t) => {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => ({ return: {} }))
    await t.resolves(createGuestAgent(path, { timeoutMs: LONG_MS }).shutdown())
  })
  t.test('is not taken when the agent refuses', async (t) => {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => ({ error: { class: 'GenericError', desc: 'no /sbin/shutdown' } }))
    await t.rejects(createGuestAgent(path, { timeoutMs: LONG_MS }).shutdown(), AgentError)
  })
  t.test('is not taken when no agent is there', async (t) => {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => undefined, { hearsSync: true })
    await t.rejects(createGuestAgent(path, { timeoutMs: SHORT_MS }).shutdown(), AgentAbsent)
    await t.rejects(createGuestAgent(pathIn(t)).shutdown(), AgentAbsent)
  })
})

t.test('a hostile guest gets an error of its own, and no more', async (t) => {
  const answers: [string, Uint8Array][] = [
    ['no JSON', Buffer.from('hello\n')],
    ['no UTF-8', Buffer.from([0x22, 0xc0, 0x80, 10])],
    ['neither return nor error', Buffer.from('{"hello": 1}\n')],
    ['null', Buffer.from('null\n')],
    ['an error that is none', Buffer.from('{"error": {"class": 1}}\n')],
    ['depth', Buffer.from(`${'['.repeat(500_000)}${']'.repeat(500_000)}\n`)],
    ['length', Buffer.alloc(1_100_000, '{"return": ')],
  ]
  for (const [title, bytes] of answers) {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => bytes)
    await t.rejects(createGuestAgent(path, { timeoutMs: LONG_MS }).interfaces(), AgentNonsense, title)
  }
})

t.test('a guest that floods the sync is cut off', async (t) => {
  const floods: [string, Uint8Array][] = [
    ['lines', Buffer.alloc(1_000_000, 10)],
    ['bytes', Buffer.alloc(1_100_000, 0xff)],
  ]
  for (const [title, bytes] of floods) {
    const path = pathIn(t)
    await startFakeAgent(t, path, () => bytes, { hearsSync: true })
    await t.rejects(createGuestAgent(path, { timeoutMs: LONG_MS }).ping(), { message: new RegExp(`over \\d+ ${title}`) }, title)
  }
})

t.test('the port of a real QEMU whose guest has no agent', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'agent.sock')
  const qmpPath = join(folder, 'qmp.sock')
  const argv = [
    ...['-nodefaults', '-display', 'none', '-S', '-accel', 'tcg', '-qmp', `unix:${qmpPath},server=on,wait=off`],
    ...['-chardev', `socket,id=agent,path=${path},server=on,wait=off`, '-device', 'virtio-serial-pci'],
    ...['-device', `virtserialport,chardev=agent,id=${AGENT_PORT},name=org.qemu.guest_agent.0`],
  ]
  const { qmp } = await startQemu(t, argv, qmpPath, join(folder, 'log'))
  const agent = createGuestAgent(path, { timeoutMs: SHORT_MS })
  for (const title of ['is asked once', 'and again']) await t.rejects(agent.ping(), AgentAbsent, title)
  t.match(await qmp.execute('query-status'), { status: 'prelaunch' })
})
