/**
 * Which host makes the VM of a request. RabbitMQ is the judge: it makes a queue once, and refuses to whoever declares it with
 * other arguments, naming the argument and what it is. The queue is never used for messages; the name of its maker is where
 * dead letters of it would go.
 */
import type { Channel, Connection } from 'rabbitmq-client'
import { claimQueue, hostQueue } from '../../policy/broker/topology.ts'
import { digestOf } from './request.ts'
import { isRefusal } from './topology.ts'

/** The longest deadline, a day, and an hour. The same for all, or a difference of this would be what RabbitMQ complains about. */
const KEPT_MS = 25 * 3_600_000

/** `ours`, another host's name, or `unknown` where RabbitMQ does not say whose. */
export type Owner = { readonly kind: 'ours' } | { readonly kind: 'other'; readonly host: string } | { readonly kind: 'unknown'; readonly why: string }

export class Claims {
  readonly #connection: Connection
  readonly #host: string
  /** Channels that were not refused anything. */
  readonly #idle: Channel[] = []

  constructor(connection: Connection, host: string) {
    this.#connection = connection
    this.#host = host
  }

  /** Claims the request, unless another host has. */
  async take(id: string): Promise<Owner> {
    const args = { 'x-expires': KEPT_MS, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': hostQueue(this.#host) }
    try {
      await this.#use((channel) => channel.queueDeclare({ queue: nameOf(id), durable: true, arguments: args }))
      return { kind: 'ours' }
    } catch (error) {
      if (!isRefusal(error, 'PRECONDITION_FAILED')) throw error
      const host = ownerIn(error.message)
      return host === undefined ? { kind: 'unknown', why: error.message } : { kind: 'other', host }
    }
  }

  /** Whether anybody has claimed it. */
  async isTaken(id: string): Promise<boolean> {
    try {
      await this.#use((channel) => channel.queueDeclare({ queue: nameOf(id), passive: true }))
      return true
    } catch (error) {
      if (isRefusal(error, 'NOT_FOUND')) return false
      throw error
    }
  }

  /** Takes back a claim of ours. */
  async drop(id: string): Promise<void> {
    await this.#use((channel) => channel.queueDelete({ queue: nameOf(id) }))
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((channel) => channel.close()))
  }

  /** One question a channel at a time: a refusal closes it, and would take other questions with it. */
  async #use<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    let channel = this.#idle.pop()
    while (channel && !channel.active) channel = this.#idle.pop()
    if (!channel) {
      channel = await this.#connection.acquire({ emitErrorsFromChannel: true })
      channel.on('error', () => undefined)
    }
    try {
      return await work(channel)
    } finally {
      if (channel.active) this.#idle.push(channel)
    }
  }
}

const nameOf = (id: string): string => claimQueue(digestOf(id))

const PREFIX = hostQueue('')

/** RabbitMQ's words differ a little by version: `… but current is the value 'aetherscale.host.a' of type 'longstr'`, `… but current is '…'`. */
export function ownerIn(complaint: string): string | undefined {
  const current = /inequivalent arg 'x-dead-letter-routing-key'.*but current is (?:the value )?'([^']*)'/s.exec(complaint)?.[1]
  return current?.startsWith(PREFIX) ? current.slice(PREFIX.length) : undefined
}
