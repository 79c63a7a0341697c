/** One request a connection: read, parse, have it fulfilled, audit, answer, close. */
import type { Server, Socket } from 'node:net'
import { privilegedCodes } from '../policy/privileged/errors.ts'
import { REQUEST_LIMIT, REQUEST_WITHIN_MS } from '../policy/privileged/operations.ts'
import { Refusal, refuse } from './refusal.ts'
import { parseEnvelope, parseRequest, type Request } from './request.ts'

/** Whoever connects to this server is `uid`: the kernel lets nobody else in. `log` takes one line a request. */
export function serve(server: Server, uid: number, fulfil: (uid: number, request: Request) => Promise<object>, log: (line: string) => void): void {
  // of one principal, at a time; more are closed as they come
  server.maxConnections = 128
  server.on('connection', (socket: Socket) => void (async () => {
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
      reply['error'] = { code: privilegedCodes[name], message, data: { name, hint } }
    }
    // characters that do not print are escaped: a line is one line, and shows what it holds
    const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    log(JSON.stringify({ ...note, ms: Math.round(performance.now() - began) }).replace(/[^ -~]/g, escape))
    socket.end(`${JSON.stringify(reply)}\n`, () => socket.destroy())
  })())
}

/** The bytes up to the first newline, or to the end; what comes behind is not looked at. Throws INVALID_REQUEST. */
async function readLine(socket: Socket): Promise<Uint8Array> {
  const deadline = setTimeout(() => socket.destroy(new Refusal('INVALID_REQUEST', 'No whole request came in time')), REQUEST_WITHIN_MS)
  socket.on('error', () => undefined).on('close', () => clearTimeout(deadline))
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.includes('\n') || bytes.length > REQUEST_LIMIT) break
  }
  clearTimeout(deadline)
  socket.resume()
  if (bytes.length > REQUEST_LIMIT) refuse('INVALID_REQUEST', `A request has at most ${REQUEST_LIMIT} bytes`)
  return bytes.subarray(0, bytes.includes('\n') ? bytes.indexOf('\n') : bytes.length)
}
