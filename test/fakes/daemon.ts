/** A daemon with scripted answers: a real Unix socket, the wire's own lines, no VMs. */
import { createServer, type Server, type Socket } from 'node:net'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineSplitter } from '../../policy/wire.ts'

/** The request as it came, and what can be done besides answering. */
export interface FakeRequest {
  readonly id: number | string | null
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly socket: Socket
  /** Sends a notification on the same connection. */
  notify(method: string, params: unknown): void
}

/** An error object for an answer. */
export class FakeError {
  readonly object: { readonly code: number; readonly message: string; readonly data?: object }

  constructor(code: number, message: string, data?: object) {
    this.object = { code, message, ...(data && { data }) }
  }
}

/** The result, or a FakeError; a promise that never resolves is a daemon that does not answer. */
export type FakeAnswer = (request: FakeRequest) => unknown

export interface FakeDaemon {
  readonly directory: string
  /** Path of the first socket. */
  readonly socket: string
  /** Every request that came. */
  readonly requests: readonly { readonly method: string; readonly params: unknown }[]
}

interface Teardown {
  teardown(clean: () => unknown): void
}

/** A directory of the test's own, gone at its end. */
export async function makeTestDirectory(t: Teardown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'aetherscale-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Listens on `names` in `directory` (one of the test's own where not said) until the test ends. */
export async function startFakeDaemon(
  t: Teardown,
  answers: Readonly<Record<string, FakeAnswer>>,
  options: { readonly names?: readonly string[]; readonly directory?: string } = {},
): Promise<FakeDaemon> {
  const directory = options.directory ?? (await makeTestDirectory(t))
  await mkdir(directory, { recursive: true })
  const requests: { method: string; params: unknown }[] = []
  const names = options.names ?? ['control.sock']
  for (const name of names) {
    const server = createServer((socket) => {
      t.teardown(() => socket.destroy())
      serve(socket, answers, requests)
    })
    await listen(server, join(directory, name))
    t.teardown(() => new Promise((resolve) => server.close(resolve)))
  }
  return { directory, socket: join(directory, names[0]!), requests }
}

function serve(socket: Socket, answers: Readonly<Record<string, FakeAnswer>>, requests: { method: string; params: unknown }[]): void {
  const splitter = new LineSplitter()
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    for (const frame of splitter.push(chunk)) {
      if (frame.kind !== 'line') continue
      const { id, method, params } = JSON.parse(frame.text) as FakeRequest
      requests.push({ method, params })
      void answer({ id, method, params, socket, notify: (name, news) => send(socket, { method: name, params: news }) }, answers)
    }
  })
}

async function answer(request: FakeRequest, answers: Readonly<Record<string, FakeAnswer>>): Promise<void> {
  const scripted = answers[request.method]
  const result: unknown = scripted ? await scripted(request) : new FakeError(-32601, 'no such method', { name: 'METHOD_NOT_FOUND' })
  if (request.socket.destroyed) return
  send(request.socket, result instanceof FakeError ? { id: request.id, error: result.object } : { id: request.id, result })
}

function send(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
