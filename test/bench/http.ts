/** The same questions by HTTP and by the daemon's socket, each by a client that keeps its connection and reads what it is told: a list is asked for to have it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectDaemon } from '../../tui/client.ts'
import { bundles, startHost } from './host.ts'
import { compare, time, type Row } from './measure.ts'

const VMS = 200
const EACH = 100
/** An answer of a few lines takes hardly more than its round trip, and by HTTP there are two. */
const SHORT = 3

export async function benchHttp(): Promise<Row[]> {
  const host = await startHost(0, { isStub: true })
  const daemon = await connectDaemon({ directory: host.sockets, env: {}, access: 'control' })
  // A stub of QEMU each: a scrape reads of each what its process has used.
  const vms = await Promise.all(Array.from({ length: VMS }, () => daemon.call('vm.create', { image: 'small', memoryMiB: 64 })))
  const door = spawn(process.execPath, [join(bundles, 'aetherscale.js'), 'http', '--socket-dir', host.sockets], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] },
  })
  await once(door.stderr, 'data')
  door.stderr.resume()
  const socket = await openAsker(host.control, readLine)
  const socketPath = join(host.sockets, 'http.sock')
  const client = await openAsker(socketPath, readPage)
  try {
    const rows: Row[] = []
    for (const [path, method, atMost] of [['/vm', 'vm.list', 2], ['/v1/vm', 'vm.list', 2], ['/metrics', 'system.metrics', SHORT]] as const) {
      const asked = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })
      const byHttp = async (): Promise<number> => await askEach(client, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      const bySocket = async (): Promise<number> => await askEach(socket, `${asked}\n`)
      const { ours, baseline, ratio } = await compare(9, byHttp, bySocket)
      rows.push({
        what: `GET ${path} with ${VMS} running VMs, to ${method} on the socket`,
        ours: `${ours.toFixed(3)} ms`,
        baseline: `${baseline.toFixed(3)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost },
      })
    }
    return rows
  } finally {
    client.close()
    socket.close()
    const ended = once(door, 'exit')
    door.kill('SIGTERM')
    await ended
    await Promise.all(vms.map(({ id }) => daemon.call('vm.delete', { vm: id })))
    daemon.close()
    await host.stop()
  }
}

interface Asker {
  /** Sends the text, and resolves when the answer has been read. */
  ask(text: string): Promise<void>
  close(): void
}

/** Whether these bytes are all of an answer; if so, it is read. */
type Read = (bytes: Buffer) => boolean

async function openAsker(path: string, read: Read): Promise<Asker> {
  const socket = connect(path)
  await once(socket, 'connect')
  let parts: Buffer[] = []
  let answered = (_error?: Error): void => {}
  socket.on('data', (chunk: Buffer) => {
    parts.push(chunk)
    try {
      if (!read(parts.length === 1 ? chunk : Buffer.concat(parts))) return
      parts = []
      answered()
    } catch (error) {
      answered(error as Error)
    }
  })
  return {
    ask: (text) =>
      new Promise((resolve, reject) => {
        answered = (error) => (error === undefined ? resolve() : reject(error))
        socket.write(text)
      }),
    close: () => void socket.destroy(),
  }
}

const readLine: Read = (bytes) => {
  if (bytes.at(-1) !== 10) return false
  if ('error' in (JSON.parse(bytes.toString()) as object)) throw new Error(bytes.toString())
  return true
}

const readPage: Read = (bytes) => {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, end)
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(bytes.toString())
  if (bytes.length < end + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1])) return false
  const body = bytes.toString('utf8', end + 4)
  if (/^content-type: application\/json/im.test(head)) JSON.parse(body)
  return true
}

/** Milliseconds of each. */
async function askEach(asker: Asker, text: string): Promise<number> {
  const whole = await time(async () => {
    for (let i = 0; i < EACH; i++) await asker.ask(text)
  })
  return whole / EACH
}
