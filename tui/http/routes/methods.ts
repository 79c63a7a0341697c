/** The routes of the method table: a request becomes a call, its result the answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { deriveRoutes, isQuick, queryShapes, type Route } from '../../../policy/http/routes.ts'
import { methods } from '../../../policy/api/index.ts'
import type { Method } from '../../../policy/api/method.ts'
import type { DoorContext } from '../context.ts'
import { whenGone } from '../leaving.ts'
import { answerWithProgress } from './progress.ts'
import { readParams } from './read-params.ts'
import { refuseChange } from './refuse-change.ts'
import { answerWithStream } from './stream.ts'

export function addMethodRoutes(app: FastifyInstance, context: DoorContext): void {
  for (const route of deriveRoutes()) {
    app.route({
      method: route.verb,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // the HEAD of a stream would never end
      exposeHeadRoute: route.stream === undefined,
      handler: handle(route, context),
    })
  }
}

function handle(route: Route, context: DoorContext): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const { method } = route
  const entry: Method = methods[method]
  const shapes = queryShapes(method, route.placed)
  const isShared = isQuick(method)
  return async (request, reply) => {
    if (entry.access === 'control') refuseChange(context.access)
    const params = readParams(request, route, shapes)
    if (route.stream !== undefined) return await answerWithStream(method, route.stream, params, reply, context)
    if (entry.progress && wantsEvents(request)) return await answerWithProgress(method, params, reply, context)
    const gone = whenGone(reply.raw)
    reply.type('application/json; charset=utf-8')
    if (isShared) return await context.daemon.ask(method, JSON.stringify(params), gone)
    return JSON.stringify(await context.daemon.withClient(gone, (client) => client.callAny(method, params)))
  }
}

/** Whether events are as welcome as JSON (RFC 9110, 12.5.1): who names them means them. */
function wantsEvents({ headers }: FastifyRequest): boolean {
  const qualities = (headers.accept ?? '').toLowerCase().split(',').map((range) => {
    const [type, ...params] = range.split(';').map((part) => part.trim())
    return [type, Number(params.find((param) => param.startsWith('q='))?.slice(2) ?? 1)] as const
  })
  const qualityOf = (type: string): number => Math.max(0, ...qualities.filter(([named]) => named === type).map(([, quality]) => quality))
  const events = qualityOf('text/event-stream')
  return events > 0 && events >= qualityOf('application/json')
}
