/** An answer that is written piece by piece, past fastify. */
import type { FastifyReply } from 'fastify'

/** The headers that were set so far: fastify writes none of them any more. */
export function takeOver(reply: FastifyReply): Record<string, string> {
  const headers = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])
  reply.hijack()
  return Object.fromEntries(headers) as Record<string, string>
}
