/** Publishes, and answers when RabbitMQ has the message: on disk, where it is to be kept. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channel, Connection, Envelope, ReturnedMessage } from 'rabbitmq-client'
import { headers } from '../../policy/broker/topology.ts'
import { KeptChannel } from './kept-channel.ts'

/** It is nowhere: there is no queue by that name. */
export class NoQueue extends Error {
  override readonly name = 'NoQueue'

  constructor(queue: string) {
    super(`there is no queue "${queue}"`)
  }
}

export class Outbox {
  readonly #channel: KeptChannel
  #sent = 0
  /** Mandatory messages that have come back: each by a number of its own, for several to one queue can be under way. */
  readonly #returned = new Set<unknown>()

  constructor(connection: Connection) {
    this.#channel = new KeptChannel(connection, (channel) => this.#prepare(channel))
  }

  /**
   * With `mandatory` it throws {@link NoQueue} where there is no queue for it; else such a message is gone, and nobody told.
   *
   * @throws Error where the connection was lost before RabbitMQ had confirmed: it may have the message all the same
   */
  async send(envelope: Envelope, body: Buffer | object): Promise<void> {
    const channel = await this.#channel.open()
    if (envelope.mandatory !== true) return await channel.basicPublish(envelope, body)
    const number = ++this.#sent
    await channel.basicPublish({ ...envelope, headers: { ...envelope.headers, [headers.number]: number } }, body)
    // RabbitMQ returns a message before it confirms it; the library tells of that one turn later.
    await nextTurn()
    if (this.#returned.delete(number)) throw new NoQueue(envelope.routingKey ?? '')
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  async #prepare(channel: Channel): Promise<void> {
    channel.once('close', () => this.#returned.clear())
    channel.on('basic.return', (message: ReturnedMessage) => this.#returned.add(message.headers?.[headers.number]))
    await channel.confirmSelect()
  }
}
