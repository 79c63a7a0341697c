/** A subscription as server-sent events: on a connection of its own to the daemon, until the client leaves or the daemon ends. */
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { MethodName } from '../../../policy/api/index.ts'
import type { StreamName } from '../../../policy/http/routes.ts'
import type { DoorContext } from '../context.ts'
import { EventStream } from '../event-stream.ts'
import { HttpProblem, tellProblem } from '../http-problem.ts'
import { whenGone } from '../leaving.ts'
import { takeOver } from './take-over.ts'

/** As many events as a daemon remembers. */
const REMEMBERED = 1000

/**
 * What has happened already comes before the daemon's answer, and that says whether there is a stream at all. Who connects again
 * names the event that came last (HTML standard, 9.2.4), and gets those that followed; all that are remembered, where that one is not.
 */
export async function answerWithStream(method: MethodName, notification: StreamName, params: object, reply: FastifyReply, context: DoorContext): Promise<unknown> {
  const gone = whenGone(reply.raw)
  const last = (notification === 'event' && reply.request.headers['last-event-id']) || undefined
  await context.daemon.withClient(
    AbortSignal.any([gone, context.closing]),
    async (client) => {
      let send = (data: string): void => void early.push(data)
      const early: string[] = []
      client.onNotification(notification, (news) => send(JSON.stringify(news)))
      await client.callAny(method, last === undefined ? params : { ...params, recent: REMEMBERED })
      const stream = new EventStream(reply.raw, context.limits, takeOver(reply))
      send = (data) => stream.send(notification, data, notification === 'event' ? identify(data) : undefined)
      early.slice(early.findLastIndex((data) => identify(data) === last) + 1).forEach(send)
      const reason = (await client.closed) ?? new HttpProblem('DAEMON_AWAY', 'The door is being closed')
      if (!gone.aborted) stream.send('problem', JSON.stringify(tellProblem(reason).problem))
      stream.end()
    },
    'stream',
  )
  return reply
}

/** An event is a moment, and what happened then: the daemon tells it in the same words again. */
const identify = (data: string): string => createHash('sha256').update(data).digest('base64url').slice(0, 16)
