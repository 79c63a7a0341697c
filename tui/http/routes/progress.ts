/** An operation that tells how far it has come: `progress` events, and `result` or `problem` at the end. */
import type { FastifyReply } from 'fastify'
import type { MethodName } from '../../../policy/api/index.ts'
import type { DoorContext } from '../context.ts'
import { EventStream } from '../event-stream.ts'
import { tellProblem } from '../http-problem.ts'
import { whenGone } from '../leaving.ts'
import { takeOver } from './take-over.ts'

/** What fails before anything was told is an answer with its own status, as without events. */
export async function answerWithProgress(method: MethodName, params: object, reply: FastifyReply, { daemon, limits }: DoorContext): Promise<unknown> {
  let stream: EventStream | undefined
  const open = (): EventStream => (stream ??= new EventStream(reply.raw, limits, takeOver(reply)))
  const gone = whenGone(reply.raw)
  try {
    const result = await daemon.withClient(gone, (client) =>
      client.callAny(method, params, {
        onProgress: ({ request: _id, ...news }) => open().send('progress', JSON.stringify(news)),
      }),
    )
    open().send('result', JSON.stringify(result))
  } catch (error) {
    if (stream === undefined) throw error
    open().send('problem', JSON.stringify(tellProblem(error).problem))
  }
  open().end()
  return reply
}
