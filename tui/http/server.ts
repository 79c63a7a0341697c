/** Node's server of HTTP, with or without TLS, and its limits: what is not a request in time is answered and cut off. */
import { createServer as createPlain, STATUS_CODES, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { doorProblem, PROBLEM_TYPE, type DoorProblem } from '../../policy/http/problems.ts'
import type { DoorLimits } from './limits.ts'
import type { TlsPair } from './tls-files.ts'

export type ServerKind = { readonly tls?: TlsPair }

/** A target that fills them, of headers that are over the limit, is what is too long (RFC 9112, 3). */
const TARGET_BYTES = 8192

/** `serve` names what answers requests, once. */
export interface MadeServer {
  readonly server: Server
  serve(handler: RequestListener): Server
  /** Ends the connections whose first request has not come, which Node takes for busy ones (a browser opens some in advance). */
  closeUnused(): void
}

export function makeServer({ tls }: ServerKind, limits: DoorLimits): MadeServer {
  const options: ServerOptions = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.idleMs,
    maxHeaderSize: limits.headerBytes,
  }
  // https.Server has all of http.Server's members, which is what is used of it
  // curl -0 names HTTP/1.0 alone
  const secure = { ...options, handshakeTimeout: limits.headersMs, ALPNProtocols: ['http/1.1', 'http/1.0'] }
  const server = tls ? (createSecure({ ...secure, ...tls }) as unknown as Server) : createPlain(options)
  server.on('tlsClientError', refusePlain)
  server.maxRequestsPerSocket = 0
  limitConnections(server, limits.connections)
  return { server, serve: (handler) => onRequest(server, limitPipeline(handler, limits.pipelined)), closeUnused: watchUnused(server, tls ? 'secureConnection' : 'connection') }
}

/** Node has events of their own for those with a header Expect; where nobody listens, it has them send any body. */
function onRequest(server: Server, listener: RequestListener): Server {
  return server.on('request', listener).on('checkContinue', listener).on('checkExpectation', listener)
}

/** Past the limit a client is told so, not just cut off. Before TLS has begun there is nothing to tell it by. */
function limitConnections(server: Server, most: number): void {
  let open = 0
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open <= most) return
    if ('setSecureContext' in server) socket.destroy()
    else writeProblem(socket, 'DOOR_BUSY', `${most} connections are open already`, 'retry-after: 5\r\n')
  })
}

function watchUnused(server: Server, opened: 'connection' | 'secureConnection'): () => void {
  const unused = new Set<Socket>()
  server.on(opened, (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  onRequest(server, ({ socket }) => unused.delete(socket))
  return () => unused.forEach((socket) => socket.destroy())
}

/**
 * A client may send requests before it has read any answer, 1,600 in what Node reads at a time, without a token as well: each would
 * be answered and its answer kept. Nobody can be told, as the answers before have not been read.
 */
function limitPipeline(handler: RequestListener, most: number): RequestListener {
  const open = new WeakMap<Socket, number>()
  return (request, response) => {
    const { socket } = request
    // the rest of what was read goes on coming
    if (socket.destroyed) return
    const count = (open.get(socket) ?? 0) + 1
    if (count > most) return void socket.destroy()
    open.set(socket, count)
    response.once('close', () => open.set(socket, open.get(socket)! - 1))
    handler(request, response)
  }
}

/** Who asks http:// where https:// is spoken got an empty answer, from which nobody learns what is wrong. The socket below that of TLS is none of Node's documented members. */
function refusePlain({ code }: NodeJS.ErrnoException, { _parent: below }: TLSSocket & { readonly _parent?: Socket }): void {
  if (code === 'ERR_SSL_HTTP_REQUEST' && below?.writable) writeProblem(below, 'REQUEST_INVALID', 'This is HTTP without TLS, and here TLS is spoken: the URL begins with https://')
}

/** For what is no request, or none in time. */
export function refuseBytes(error: NodeJS.ErrnoException & { readonly rawPacket?: unknown }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return writeProblem(socket, 'REQUEST_TIMEOUT', 'The request did not arrive in time')
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    // of what came in pieces, this is the last
    const isTarget = Buffer.isBuffer(error.rawPacket) && /^[A-Z-]+ [^ \r\n]+$/.test(error.rawPacket.toString('latin1', 0, TARGET_BYTES))
    return isTarget ? writeProblem(socket, 'TARGET_TOO_LONG', 'The path with its query is over the limit') : writeProblem(socket, 'HEADERS_TOO_LARGE', 'The headers are over the limit')
  }
  writeProblem(socket, 'REQUEST_INVALID', `This is no request of HTTP: ${error.message}`)
}

function writeProblem(socket: Duplex, name: DoorProblem, detail: string, header = ''): void {
  const problem = doorProblem(name, detail)
  const body = JSON.stringify(problem)
  const head = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nconnection: close\r\ncontent-type: ${PROBLEM_TYPE}\r\n${header}`
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy())
}
