/** A channel that is opened when it is first needed, and anew after it was lost; prepared each time. */
import type { Channel, Connection } from 'rabbitmq-client'

export class KeptChannel {
  readonly #connection: Connection
  readonly #prepare: (channel: Channel) => Promise<unknown>
  #channel: Promise<Channel> | undefined

  constructor(connection: Connection, prepare: (channel: Channel) => Promise<unknown>) {
    this.#connection = connection
    this.#prepare = prepare
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
    channel.on('error', () => undefined)
    channel.once('close', () => (this.#channel = undefined))
    await this.#prepare(channel)
    return channel
  }
}
