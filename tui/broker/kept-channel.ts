/** A channel that is opened when it is first needed, and anew after it was lost; prepared each time. */
import type { Channel, Connection } from 'rabbitmq-client'

export class KeptChannel {
  readonly #connection: Connection
  readonly #prepare: (channel: Channel) => Promise<unknown>
  readonly #onRefused: (error: unknown) => void
  #channel: Promise<Channel> | undefined

  /** `onRefused`: RabbitMQ says no to what is published by closing the channel a moment later, so that nobody else learns of it. */
  constructor(connection: Connection, prepare: (channel: Channel) => Promise<unknown>, onRefused: (error: unknown) => void = () => undefined) {
    this.#connection = connection
    this.#prepare = prepare
    this.#onRefused = onRefused
  }

  open(): Promise<Channel> {
    this.#channel ??= this.#acquire().catch((error: unknown) => {
      this.#channel = undefined
      throw error
    })
    return this.#channel
  }

  async close(): Promise<void> {
    await (await this.#channel?.catch(() => undefined))?.close()
  }

  async #acquire(): Promise<Channel> {
    const channel = await this.#connection.acquire({ emitErrorsFromChannel: true })
    channel.on('error', this.#onRefused)
    channel.once('close', () => (this.#channel = undefined))
    await this.#prepare(channel)
    return channel
  }
}
