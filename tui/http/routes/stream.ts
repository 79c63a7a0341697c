/** A subscription as server-sent events: on a connection of its own to the daemon, until the client leaves or the daemon ends. */
import type { FastifyReply } from 'fastify'
import type { MethodName } from '../../../policy/api/index.ts'
import type { StreamName } from '../../../policy/http/routes.ts'
import type { DoorContext } from '../context.ts'
import { EventStream } from '../event-stream.ts'
import { HttpProblem, tellProblem } from '../http-problem.ts'
import { whenGone } from '../leaving.ts'
import { takeOver } from './take-over.ts'

/** What has happened already comes before the daemon's answer, and that says whether there is a stream at all. */
export async function answerWithStream(method: MethodName, notification: StreamName, params: object, reply: FastifyReply, context: DoorContext): Promise<unknown> {
  const gone = whenGone(reply.raw)
  await context.daemon.withClient(
    AbortSignal.any([gone, context.closing]),
    async (client) => {
      let send = (data: string): void => void early.push(data)
      const early: string[] = []
      client.onNotification(notification, (news) => send(JSON.stringify(news)))
      await client.callAny(method, params)
      const stream = new EventStream(reply.raw, context.limits, takeOver(reply))
      send = (data) => stream.send(notification, data)
      early.forEach(send)
      const reason = (await client.closed) ?? new HttpProblem('DAEMON_AWAY', 'The door is being closed')
      if (!gone.aborted) stream.send('problem', JSON.stringify(tellProblem(reason).problem))
      stream.end()
    },
    'stream',
  )
  return reply
}
