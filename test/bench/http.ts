/** The same questions by HTTP and by the daemon's socket, each by a client that keeps its connection and costs as little as a client can. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { bundles, startHost } from './host.ts'
import { openLines } from './lines.ts'
import { compare, time, type Row } from './measure.ts'

const VMS = 200
const EACH = 100

export async function benchHttp(): Promise<Row[]> {
  const host = await startHost(VMS)
  const door = spawn(process.execPath, [join(bundles, 'aetherscale.js'), 'http', '--socket-dir', host.sockets], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] },
  })
  await once(door.stderr, 'data')
  door.stderr.resume()
  const lines = await openLines(host.control)
  const socketPath = join(host.sockets, 'http.sock')
  const client = await openPages(socketPath)
  try {
    const rows: Row[] = []
    for (const [path, method] of [['/vm', 'vm.list'], ['/v1/vm', 'vm.list'], ['/metrics', 'system.metrics']] as const) {
      const asked = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })
      const byHttp = async (): Promise<number> =>
        (await time(async () => {
          for (let i = 0; i < EACH; i++) await client.fetch(path)
        })) / EACH
      const bySocket = async (): Promise<number> => (await time(() => lines.exchange(asked, EACH, 1))) / EACH
      const { ours, baseline, ratio } = await compare(9, byHttp, bySocket)
      rows.push({
        what: `GET ${path} with ${VMS} VMs, to ${method} on the socket`,
        ours: `${ours.toFixed(3)} ms`,
        baseline: `${baseline.toFixed(3)} ms`,
        value: ratio,
        unit: '×',
        target: { atMost: 2 },
      })
    }
    return rows
  } finally {
    client.close()
    lines.close()
    const ended = once(door, 'exit')
    door.kill('SIGTERM')
    await ended
    await host.stop()
  }
}

interface Pages {
  /** Asks for a page and resolves when all of it has come. */
  fetch(path: string): Promise<void>
  close(): void
}

/** Counts bytes, as the header Content-Length says how many there are. */
async function openPages(socketPath: string): Promise<Pages> {
  const socket = connect(socketPath)
  await once(socket, 'connect')
  let left = 0
  let answered = (_error?: Error): void => {}
  socket.on('data', (chunk: Buffer) => {
    if (left === 0) {
      const end = chunk.indexOf('\r\n\r\n')
      const head = chunk.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 200 ')) return answered(new Error(head))
      left = end + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1])
    }
    left -= chunk.length
    if (left === 0) answered()
  })
  return {
    fetch: (path) =>
      new Promise((resolve, reject) => {
        answered = (error) => (error ? reject(error) : resolve())
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      }),
    close: () => void socket.destroy(),
  }
}
