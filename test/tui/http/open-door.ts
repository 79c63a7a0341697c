/** A door of the test's own, before a daemon of scripted answers or a real one, and a client of HTTP that takes what comes. */
import { once } from 'node:events'
import { request as ask, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Access } from '../../../policy/api/method.ts'
import { reachDaemon } from '../../../tui/http/daemon/daemon.ts'
import { makeDoor, type DoorOptions } from '../../../tui/http/door.ts'
import { doorLimits, type DoorLimits } from '../../../tui/http/limits.ts'
import { listenOnTcp } from '../../../tui/http/listen/tcp.ts'
import { listenOnUnix } from '../../../tui/http/listen/unix.ts'
import { firstHost } from '../../../tui/legacy/commands.ts'

interface Teardown {
  teardown(clean: () => unknown): void
}

export interface OpenDoor {
  /** Where it listens: a Unix socket, or a port of 127.0.0.1. */
  readonly at: { readonly socketPath: string } | { readonly host: string; readonly port: number }
  /** The log's lines. */
  readonly log: readonly string[]
  close(): Promise<void>
}

export interface OpenOptions {
  readonly limits?: Partial<DoorLimits>
  readonly tcp?: boolean
  readonly access?: Access
  /** This one, not one in the directory. */
  readonly socket?: string
  readonly names?: DoorOptions['names']
  readonly authorize?: DoorOptions['authorize']
  readonly kind?: DoorOptions['kind']
}

/** `directory` has the daemon's sockets. */
export async function openDoor(t: Teardown, directory: string, options: OpenOptions = {}): Promise<OpenDoor> {
  const { names, authorize, socket, tcp = false, access = 'control', kind = {} } = options
  const limits = { ...doorLimits, ...options.limits }
  const log: string[] = []
  const door = await makeDoor({
    daemon: reachDaemon({ env: {}, directory, access, ...(socket !== undefined && { socket }) }, limits),
    limits,
    access,
    legacy: firstHost,
    log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
    kind,
    ...(names && { names }),
    ...(authorize && { authorize }),
  })
  const socketPath = join(directory, 'http.sock')
  const at = tcp ? { host: '127.0.0.1', port: await listenOnTcp(door.server, '127.0.0.1', 0) } : { socketPath }
  const remove = tcp ? async () => {} : await listenOnUnix(door.server, socketPath)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= remove().then(() => door.close()))
  t.teardown(close)
  return { at, log, close }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Of a body that is JSON, else `undefined`. */
  readonly json: unknown
}

export interface Asked {
  readonly headers?: OutgoingHttpHeaders
  /** Sent as JSON; a string or bytes as they are. */
  readonly body?: unknown
}

/** Asks with a verb and a path, `GET /vm`, on a connection of its own. */
export async function fetchFrom(at: OpenDoor['at'], what: string, { headers = {}, body }: Asked = {}): Promise<Answer> {
  const [method, path] = what.split(' ') as [string, string]
  const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const request = ask({ ...at, method, path, agent: false, headers: { host: 'localhost', ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }), ...headers } })
  // an answer may come before all of the body is taken, and the rest then meets a closed connection
  request.on('error', () => undefined)
  request.end(bytes)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode!, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Bytes as they are, and what comes until the other side ends the connection. */
export async function sendRaw(at: OpenDoor['at'], write: (send: (text: string) => boolean) => Promise<void> | void): Promise<string> {
  const socket = 'socketPath' in at ? connect(at.socketPath) : connect(at.port, at.host)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  await write((piece) => !socket.destroyed && socket.write(piece))
  await closed
  return text
}

export interface SentEvent {
  readonly event: string
  readonly data: unknown
  readonly id?: string
}

/** Reads server-sent events until `count` of them have come or the stream has ended; then leaves. */
export async function readEvents(at: OpenDoor['at'], what: string, count: number, asked: Asked = {}): Promise<SentEvent[]> {
  const [method, path] = what.split(' ') as [string, string]
  const bytes = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const request = ask({ ...at, method, path, agent: false, headers: { host: 'localhost', ...(bytes && { 'content-type': 'application/json' }), ...asked.headers } })
  request.on('error', () => undefined)
  request.end(bytes)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const events: SentEvent[] = []
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk as string
    const parts = text.split('\n\n')
    text = parts.pop()!
    for (const part of parts) {
      const [, id, event, data] = /^(?:id: (.*)\n)?event: (.*)\ndata: (.*)$/.exec(part) ?? []
      if (event !== undefined) events.push({ event, data: JSON.parse(data!), ...(id !== undefined && { id }) })
    }
    if (events.length >= count) break
  }
  request.destroy()
  return events
}
