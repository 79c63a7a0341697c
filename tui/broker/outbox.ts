/** Publishes, and answers when RabbitMQ has the message: on disk, where it is to be kept. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channel, Connection, Envelope } from 'rabbitmq-client'

export class Outbox {
  readonly #connection: Connection
  #channel: Promise<Channel> | undefined
  /** Routing keys of mandatory messages under way that have come back. */
  readonly #returned = new Set<string>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * With `mandatory` it throws where there is no queue for it; else such a message is gone, and nobody told.
   *
   * @throws Error where the connection was lost before RabbitMQ had confirmed: it may have the message all the same
   */
  async send(envelope: Envelope, body: Buffer | object): Promise<void> {
    const channel = await this.#open()
    await channel.basicPublish(envelope, body)
    if (envelope.mandatory !== true) return
    // RabbitMQ returns a message before it confirms it; the library tells of that one turn later.
    await nextTurn()
    if (this.#returned.delete(envelope.routingKey ?? '')) throw new Error(`there is no queue "${envelope.routingKey}"`)
  }

  async close(): Promise<void> {
    await (await this.#channel?.catch(() => undefined))?.close()
  }

  #open(): Promise<Channel> {
    this.#channel ??= this.#acquire().catch((error: unknown) => {
      this.#channel = undefined
      throw error
    })
    return this.#channel
  }

  async #acquire(): Promise<Channel> {
    const channel = await this.#connection.acquire({ emitErrorsFromChannel: true })
    channel.on('error', () => undefined)
    channel.once('close', () => {
      this.#channel = undefined
      this.#returned.clear()
    })
    channel.on('basic.return', ({ routingKey }: { routingKey: string }) => this.#returned.add(routingKey))
    await channel.confirmSelect()
    return channel
  }
}
