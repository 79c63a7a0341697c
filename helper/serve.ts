/** One request a connection: read, parse, have it fulfilled, audit, answer, close. */
import type { Server, Socket } from 'node:net'
import { privilegedErrors } from '../policy/privileged/errors.ts'
import { REQUEST_LIMIT, REQUEST_WITHIN_MS } from '../policy/privileged/operations.ts'
import { Refusal } from './refusal.ts'
import { parseEnvelope, parseRequest, type Request } from './request.ts'

/** Connections of one principal that may be open at a time; more are closed as they come. */
const CONNECTIONS = 128

export interface Work {
  readonly fulfil: (uid: number, request: Request) => Promise<object>
  /** Takes one line a request. */
  readonly log: (line: string) => void
}

/** Whoever connects to this server is `uid`: the kernel lets nobody else in. */
export function serve(server: Server, uid: number, work: Work): void {
  server.maxConnections = CONNECTIONS
  server.on('connection', (socket: Socket) => void answer(socket, uid, work))
}

async function answer(socket: Socket, uid: number, { fulfil, log }: Work): Promise<void> {
  const began = performance.now()
  const reply: Record<string, unknown> = { jsonrpc: '2.0', id: null }
  const note = { principal: uid, operation: '', decision: 'granted', reason: '' }
  try {
    const envelope = parseEnvelope(await readLine(socket))
    reply['id'] = envelope.id
    note.operation = envelope.method.slice(0, 64)
    reply['result'] = await fulfil(uid, parseRequest(envelope))
  } catch (error) {
    const { code: name, message, hint } = error instanceof Refusal ? error : new Refusal('INTERNAL', String(error))
    Object.assign(note, { decision: name, reason: message })
    reply['error'] = { code: privilegedErrors[name].code, message, data: { name, hint } }
  }
  // characters that do not print are escaped: a line is one line, and shows what it holds
  const escape = (character: string): string => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  log(JSON.stringify({ ...note, ms: Math.round(performance.now() - began) }).replace(/[^ -~]/g, escape))
  socket.end(`${JSON.stringify(reply)}\n`, () => socket.destroy())
}

/** The bytes up to the first newline, or to the end; what comes behind is not looked at. */
function readLine(socket: Socket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const deadline = setTimeout(() => socket.destroy(), REQUEST_WITHIN_MS)
    const finish = (line: Uint8Array): void => {
      clearTimeout(deadline)
      socket.off('data', take).resume()
      if (line.length <= REQUEST_LIMIT) resolve(line)
      else reject(new Refusal('INVALID_REQUEST', `A request has at most ${REQUEST_LIMIT} bytes`))
    }
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      const end = bytes.indexOf('\n')
      if (end >= 0 || bytes.length > REQUEST_LIMIT) finish(end >= 0 ? bytes.subarray(0, end) : bytes)
    }
    socket.on('error', () => undefined).on('data', take).on('end', () => finish(bytes))
    socket.on('close', () => reject(new Refusal('INVALID_REQUEST', 'No whole request came in time')))
  })
}
