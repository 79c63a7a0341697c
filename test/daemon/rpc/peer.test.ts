import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPeerInspector } from '../../../daemon/rpc/peer.ts'
import { makeFolder } from './harness.ts'

const inspector = (await loadPeerInspector())!

/** The server's end of a connection that another process made, and that process. */
async function acceptFrom(t: Test, script: string): Promise<{ socket: Socket; pid: number; say: (text: string) => void }> {
  const path = join(await makeFolder(t), 's')
  const server = createServer({ allowHalfOpen: true }).listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'inherit', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [socket] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => (socket.destroy(), server.close()))
  return { socket, pid: child.pid!, say: (text) => child.stdin.write(text) }
}

t.test('the inspector loads on this machine', async (t) => {
  t.ok(inspector, 'koffi has a build for it')
})

t.test('the credentials are those of the process that connected', async (t) => {
  const { socket, pid } = await acceptFrom(t, 'require("net").connect(process.argv[1])')
  t.same(inspector.readPeer(socket), { pid, uid: process.getuid?.(), gid: process.getgid?.() })
})

t.test('they are told after that process has ended as well', async (t) => {
  const { socket, pid, say } = await acceptFrom(t, 'require("net").connect(process.argv[1]); process.stdin.on("data", () => process.exit())')
  say('go')
  await once(socket.resume(), 'end')
  t.match(inspector.readPeer(socket), { pid })
})

t.test('a client that has ended its side has not hung up; one that has closed has', async (t) => {
  const { socket, say } = await acceptFrom(
    t,
    `const s = require("net").connect({ path: process.argv[1], allowHalfOpen: true })
     s.end()
     process.stdin.on("data", () => s.destroy())`,
  )
  await once(socket.resume(), 'end')
  t.equal(inspector.hasHungUp(socket), false)
  say('go')
  const signal = AbortSignal.timeout(20_000)
  while (!inspector.hasHungUp(socket)) {
    signal.throwIfAborted()
    await new Promise(setImmediate)
  }
  t.pass('seen without reading or writing')
})

t.test('a socket that is gone has no peer', async (t) => {
  const path = join(await makeFolder(t), 's')
  const server = createServer().listen(path)
  t.teardown(() => server.close())
  const socket = connect(path)
  await once(socket, 'connect')
  socket.destroy()
  t.equal(inspector.readPeer(socket), undefined)
  t.equal(inspector.hasHungUp(socket), true)
})
