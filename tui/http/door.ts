/** The door: a server of HTTP with all its routes and checks, not listening yet. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Access } from '../../policy/api/method.ts'
import { PROBLEM_TYPE } from '../../policy/http/problems.ts'
import { HTTP_PREFIX } from '../../policy/http/routes.ts'
import type { LegacyHost } from '../legacy/commands.ts'
import { listAllowed } from './allowed.ts'
import type { Authorize } from './authorize.ts'
import { checkHeaders, refuseTwice } from './check-headers.ts'
import { checkAddressed } from './check-origin.ts'
import type { DoorContext } from './context.ts'
import type { Daemon } from './daemon/daemon.ts'
import { HttpProblem, tellProblem } from './http-problem.ts'
import { ClientGone } from './leaving.ts'
import type { DoorLimits } from './limits.ts'
import { readBody } from './read-body.ts'
import { addLegacyRoutes } from './routes/legacy.ts'
import { addMethodRoutes } from './routes/methods.ts'
import { addOwnRoutes } from './routes/own.ts'
import { makeServer, refuseBytes, type ServerKind } from './server.ts'

export interface DoorOptions {
  readonly daemon: Daemon
  readonly limits: DoorLimits
  readonly access: Access
  readonly legacy: LegacyHost
  readonly log: Logger
  readonly kind: ServerKind
  /** Names that the header Host may have; any where not said, as on a Unix socket, which no browser reaches. */
  readonly names?: ReadonlySet<string>
  /** Everybody may where not said. */
  readonly authorize?: Authorize
}

export interface Door {
  readonly server: Server
  /** Takes no more requests, lets those in flight end within `limits.shutdownMs`, and closes. */
  close(): Promise<void>
}

export async function makeDoor(options: DoorOptions): Promise<Door> {
  const { daemon, limits, access, legacy, log } = options
  const closing = new AbortController()
  const { server, serve, closeUnused } = makeServer(options.kind, limits)
  const answerProblem = makeErrorHandler(log)
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    rewriteUrl: takePath,
    serverFactory: (handler) => serve(handler),
    clientErrorHandler: refuseBytes,
    // paths that cannot be read pass no hook
    frameworkErrors: (error, request, reply) => {
      logRequest(log, request, reply)
      answerProblem(error, request, reply)
    },
  })
  readOnlyJson(app, limits)
  addChecks(app, options, closing.signal)
  app.setErrorHandler(answerProblem)
  const context: DoorContext = { daemon, limits, access, legacy, closing: closing.signal, warn: (details, message) => log.warn(details, message) }
  addMethodRoutes(app, context)
  addLegacyRoutes(app, context)
  addOwnRoutes(app, context)
  await app.ready()
  return {
    server,
    async close() {
      closing.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      closeUnused()
      // whoever waits still is told, and has a moment to be told in
      const deadlines = [setTimeout(() => daemon.close(), limits.shutdownMs), setTimeout(() => server.closeAllConnections(), limits.shutdownMs + limits.farewellMs)]
      await closed
      deadlines.forEach(clearTimeout)
      await app.close()
      daemon.close()
    },
  }
}

function readOnlyJson(app: FastifyInstance, { depth }: DoorLimits): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => readBody(body, depth))
}

/** Each of them before a byte of the body is read. */
function addChecks(app: FastifyInstance, { names, authorize, limits, log }: DoorOptions, closing: AbortSignal): void {
  const allowed = listAllowed()
  app.addHook('onRequest', (request, reply, done) => {
    const { headers, socket } = request.raw
    logRequest(log, request, reply)
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    if (closing.aborted) throw new HttpProblem('DAEMON_AWAY', 'The door is being closed', { headers: { 'retry-after': '5' } })
    refuseTwice(request.raw)
    const site = headers['sec-fetch-site']
    checkAddressed({ host: headers.host, origin: headers.origin, site: site === undefined ? undefined : String(site) }, names)
    authorize?.(headers.authorization, socket.remoteAddress ?? 'unix')
    checkHeaders(request.raw)
    // the router takes nothing for a name as well
    const isNamed = !Object.values((request.params ?? {}) as Readonly<Record<string, string>>).includes('')
    const isPath = request.url.startsWith('/')
    if (!request.is404 && isNamed && isPath) {
      admitBody(request, reply, limits)
      return done()
    }
    // of the server as a whole (RFC 9110, 9.3.7)
    if (request.method === 'OPTIONS' && request.url === '*') return void reply.code(204).send()
    const verbs = isPath ? allowed(request.url.split('?', 1)[0]!) : []
    if (verbs.length === 0) throw new HttpProblem('ROUTE_NOT_FOUND', 'There is nothing at this path', { hint: `GET ${HTTP_PREFIX}/openapi.json describes what there is` })
    const allow = verbs.join(', ')
    if (request.method === 'OPTIONS') return void reply.code(204).header('allow', allow).send()
    throw new HttpProblem('VERB_NOT_ALLOWED', `The path takes ${allow}`, { headers: { allow } })
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    cutSlowReader(reply.raw, limits)
    // else it stays open until its client ends it
    if (closing.aborted) reply.header('connection', 'close')
    done()
  })
}

/** A whole URL in the place of a path means its path, on the host that it names, whatever the header Host says (RFC 9112, 3.2.2). */
function takePath({ url = '', headers }: IncomingMessage): string {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  if (host === undefined) return url
  headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

function admitBody({ raw: { headers, httpVersion } }: FastifyRequest, { raw }: FastifyReply, { bodyBytes }: DoorLimits): void {
  const length = Number(headers['content-length'] ?? 0)
  // curl -d '' and others say a type of nothing
  if (length === 0 && headers['transfer-encoding'] === undefined) delete headers['content-type']
  if (httpVersion !== '1.1' || !/^100-continue$/i.test(headers.expect ?? '')) return
  // who waits for a word before the body need not send one that is refused (RFC 9110, 10.1.1)
  if (length > bodyBytes) throw new HttpProblem('BODY_TOO_LARGE', 'Request body is too large')
  raw.writeContinue()
}

/** A line a request, when all of it is over: an answer that was sent, a stream that has ended, a client that has gone. */
function logRequest(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const remote = request.raw.socket.remoteAddress ?? 'unix'
  const begin = performance.now()
  reply.raw.once('close', () => {
    const { statusCode, headersSent, writableFinished } = reply.raw
    log.info({
      remote,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: headersSent ? statusCode : null,
      durationMs: Math.round((performance.now() - begin) * 10) / 10,
      ...(!writableFinished && { left: true }),
    })
  })
}

/** Somebody who does not read must not make us keep an answer, and its connection, for ever; a short one may stand behind others that were not read. */
function cutSlowReader(response: ServerResponse, { readMs }: DoorLimits): void {
  // whoever has gone does not close once more, and the timer would keep the program from ending
  if (response.destroyed) return
  const timer = setTimeout(() => response.destroy(), readMs)
  response.once('close', () => clearTimeout(timer))
}

function makeErrorHandler(log: Logger): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    const { problem, headers, isDefect } = tellProblem(error)
    if (isDefect && !(error instanceof ClientGone)) log.error({ err: error, route: request.routeOptions.url ?? null }, 'defect')
    return reply.code(problem.status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }
}
