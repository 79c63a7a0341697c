/** What the door has besides methods: its description, and metrics in the form that Prometheus fetches. */
import type { FastifyInstance } from 'fastify'
import type { Result } from '../../../policy/api/index.ts'
import { describeHttp } from '../../../policy/http/openapi.ts'
import { HTTP_PREFIX } from '../../../policy/http/routes.ts'
import { readVersion } from '../../version.ts'
import type { DoorContext } from '../context.ts'
import { whenGone } from '../leaving.ts'

export function addOwnRoutes(app: FastifyInstance, { daemon }: DoorContext): void {
  let document: string | undefined
  app.get(`${HTTP_PREFIX}/openapi.json`, async (_request, reply) => {
    reply.type('application/json; charset=utf-8')
    return (document ??= JSON.stringify(describeHttp(readVersion())))
  })
  app.get('/metrics', async (_request, reply) => {
    const answer = await daemon.ask('system.metrics', '{}', whenGone(reply.raw))
    const { contentType, text } = JSON.parse(answer.toString()) as Result<'system.metrics'>
    reply.type(contentType)
    return text
  })
}
