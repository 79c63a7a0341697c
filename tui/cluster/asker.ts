/** Asks hosts over the broker: one, or all at once. What comes back is told as it comes. */
import { randomUUID } from 'node:crypto'
import type { AsyncMessage, Channel, Connection, ReturnedMessage } from 'rabbitmq-client'
import { HostName } from '../../policy/broker/config.ts'
import { CLUSTER, headers } from '../../policy/broker/topology.ts'
import { errorTable } from '../../policy/errors.ts'
import type { RpcErrorObject } from '../connection-error.ts'
import { isDeeper } from '../json-depth.ts'
import { KeptChannel } from '../broker/kept-channel.ts'
import { textOf } from '../broker/message.ts'
import { isRefusal } from '../broker/topology.ts'
import { ClusterError } from './cluster-error.ts'

/** The response of one host (JSON-RPC 2.0, section 5). */
export type HostResponse = { readonly host: string } & ({ readonly result: unknown } | { readonly error: RpcErrorObject })

export interface Question {
  readonly method: string
  readonly params: unknown
  /** Where it goes; by the exchange between hosts where not said. Never straight to a queue: who may do that, may do it to any. */
  readonly to: { readonly exchange?: string; readonly key: string }
  /** How long it may wait for a host to take it; a host that takes it may answer later. */
  readonly waitsMs: number
  /** Makes asking again safe. Kept on disk by RabbitMQ, where the queue is. */
  readonly messageId?: string
}

interface Asked {
  readonly onResponse: (response: HostResponse) => void
  readonly onNobody: () => void
}

/** RabbitMQ's own name for answers that need no queue (its documentation, "Direct Reply-to"): the channel that asks gets them. */
const DIRECT_REPLY = 'amq.rabbitmq.reply-to'

export class Asker {
  readonly #channel: KeptChannel
  readonly #asked = new Map<string, Asked>()

  /** `onRefused`: what was asked just before is not answered. */
  constructor(connection: Connection, onRefused?: (error: unknown) => void) {
    this.#channel = new KeptChannel(connection, (channel) => this.#prepare(channel), onRefused)
  }

  /**
   * Asks, and hands over each response until `end` of what it answers is called. `onNobody`: there is no queue that it could go
   * to, so nobody has it.
   */
  async ask({ method, params, to, waitsMs, messageId }: Question, asked: Asked): Promise<{ readonly end: () => void }> {
    const id = randomUUID()
    this.#asked.set(id, asked)
    const end = (): void => void this.#asked.delete(id)
    try {
      const channel = await this.#channel.open()
      await channel.basicPublish(
        {
          exchange: to.exchange ?? CLUSTER,
          routingKey: to.key,
          mandatory: true,
          correlationId: id,
          replyTo: DIRECT_REPLY,
          contentType: 'application/json',
          expiration: String(waitsMs),
          ...(messageId !== undefined && { messageId, durable: true }),
        },
        { jsonrpc: '2.0', id, method, params },
      )
    } catch (error) {
      end()
      throw error
    }
    return { end }
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  async #prepare(channel: Channel): Promise<void> {
    channel.on('basic.return', ({ correlationId }: ReturnedMessage) => this.#asked.get(correlationId ?? '')?.onNobody())
    // Hosts make it; who only asks need not be allowed to.
    await channel.exchangeDeclare({ exchange: CLUSTER, passive: true }).catch((error: unknown) => {
      if (!isRefusal(error, 'NOT_FOUND')) throw error
      throw new ClusterError('unreachable', 'no host has ever joined this broker', { hint: 'on each: aetherscale broker', cause: error })
    })
    await channel.basicConsume({ queue: DIRECT_REPLY, noAck: true }, (message) => this.#receive(message))
  }

  #receive(message: AsyncMessage): void {
    const host: unknown = message.headers?.[headers.host]
    const asked = this.#asked.get(message.correlationId ?? '')
    if (!asked || typeof host !== 'string' || !HostName.safeParse(host).success) return
    const response = readResponse(message)
    if (response) asked.onResponse({ host, ...response })
  }
}

/** As for bodies over HTTP: more than any result has. */
const DEPTH = 64

type Response = { readonly result: unknown } | { readonly error: RpcErrorObject }

/** Anybody on the broker can answer, and nothing is sure of it. What is no response is as good as none. */
function readResponse(message: AsyncMessage): Response | undefined {
  let body: { readonly result?: unknown; readonly error?: unknown } | null
  try {
    const text = textOf(message)
    if (isDeeper(text, DEPTH)) return undefined
    body = JSON.parse(text) as typeof body
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null) return undefined
  const error = readError(body.error)
  if (error) return { error }
  return 'result' in body ? { result: body.result } : undefined
}

function readError(value: unknown): RpcErrorObject | undefined {
  const { code, message, data } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof message !== 'string') return undefined
  const texts = typeof data === 'object' && data !== null ? Object.fromEntries(Object.entries(data).filter(([, each]) => typeof each === 'string')) : {}
  return { code: typeof code === 'number' ? code : errorTable.INTERNAL.code, message, data: texts }
}
