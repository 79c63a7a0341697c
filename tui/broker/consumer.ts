/** Consumes a queue on a channel of its own, again after each loss, and only while that is wanted. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AsyncMessage, Channel, Connection } from 'rabbitmq-client'

/** A message that RabbitMQ holds for us until we say what became of it. */
export interface Delivery {
  readonly message: AsyncMessage
  /** Whether RabbitMQ still waits for us: if not, it has given, or will give, the message to somebody again. */
  isLive(): boolean
  /** Done: it is gone. */
  ack(): void
  /** Not done: it is offered again. */
  giveBack(): void
  /** Never to be done: it goes where the queue's dead letters go. */
  reject(): void
}

export interface Binding {
  /** The one that is consumed, where not said. */
  readonly queue?: string
  readonly exchange: string
  readonly routingKey: string
}

export interface ConsumerOptions {
  readonly connection: Connection
  /** Makes what is needed on this channel; answers the queue's name. */
  readonly prepare: (channel: Channel) => Promise<string>
  /** What is to come to queues from exchanges. */
  readonly bindings?: readonly Binding[]
  /** Messages that are under way at a time. */
  readonly atOnce: number
  readonly exclusive?: boolean
  /** Settles the delivery, or throws, and then it is given back. */
  readonly handle: (delivery: Delivery) => Promise<void>
  /** Told each time that messages begin to come. */
  readonly onReady?: () => void
  /** Told each time that they have ended. */
  readonly onEnd?: () => void
  /** Told of each failure, of preparing and of handling. */
  readonly onError: (error: unknown) => void
}

/** How often a queue is bound anew: bindings go with an exchange that somebody deletes, and nobody is told. */
const BIND_EVERY_MS = 10_000
const RETRY_FROM_MS = 250
const RETRY_UP_TO_MS = 5000
/** Before a message is given back that could not be handled: what was in the way may pass, and RabbitMQ offers it at once. */
const PAUSE_MS = 1000

export class Consumer {
  readonly #options: ConsumerOptions
  readonly #underWay = new Set<Promise<void>>()
  /** Aborted when consuming is no more wanted. */
  #wanted: AbortController | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: ConsumerOptions) {
    this.#options = options
  }

  /** Begins to consume, as soon as there is a connection. */
  start(): void {
    if (this.#wanted) return
    const wanted = (this.#wanted = new AbortController())
    this.#loop = this.#loop.then(() => this.#consume(wanted.signal))
  }

  /** Takes no more; resolves when what is under way has ended as well. */
  async stop(): Promise<void> {
    this.#wanted?.abort()
    this.#wanted = undefined
    await this.#loop
    await Promise.all(this.#underWay)
  }

  async #consume(signal: AbortSignal): Promise<void> {
    for (let wait = RETRY_FROM_MS; !signal.aborted; ) {
      try {
        await this.#consumeOnce(signal)
        wait = RETRY_FROM_MS
      } catch (error) {
        this.#options.onError(error)
        await delay(wait, undefined, { signal }).catch(() => undefined)
        wait = Math.min(wait * 2, RETRY_UP_TO_MS)
      }
    }
  }

  /** Until the channel is lost, the queue is deleted, or nobody wants it any more. */
  async #consumeOnce(signal: AbortSignal): Promise<void> {
    const { connection, prepare, bindings = [], atOnce, exclusive = false } = this.#options
    const channel = await connection.acquire({ emitErrorsFromChannel: true })
    channel.on('error', () => undefined)
    let isLeft = false
    try {
      const queue = await prepare(channel)
      await bind(channel, queue, bindings)
      await channel.basicQos({ prefetchCount: atOnce })
      const ended = new AbortController()
      channel.once('close', () => ended.abort())
      channel.once('basic.cancel', () => ended.abort())
      const { consumerTag } = await channel.basicConsume({ queue, exclusive }, (message) => this.#take(channel, message, signal))
      this.#options.onReady?.()
      const either = AbortSignal.any([signal, ended.signal])
      try {
        while (await delay(BIND_EVERY_MS, true, { signal: either }).catch(() => false)) await bind(channel, queue, bindings)
      } finally {
        this.#options.onEnd?.()
      }
      if (!channel.active) return
      // The channel has to stay for what is under way to be settled on it.
      const settled = Promise.all(this.#underWay)
      if (signal.aborted) {
        await channel.basicCancel(consumerTag)
        await settled
      } else {
        // The queue was deleted. What is under way may take long, and others are to be taken from the next one meanwhile.
        isLeft = true
        void settled.then(() => channel.close())
      }
    } finally {
      if (!isLeft) await channel.close()
    }
  }

  #take(channel: Channel, message: AsyncMessage, signal: AbortSignal): void {
    const delivery = openDelivery(channel, message)
    // Some may come between our cancelling and RabbitMQ's knowing of it.
    if (signal.aborted) return delivery.giveBack()
    const work = this.#options
      .handle(delivery)
      .catch(async (error: unknown) => {
        this.#options.onError(error)
        if (delivery.isLive()) await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined)
        delivery.giveBack()
      })
      .finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }
}

async function bind(channel: Channel, queue: string, bindings: readonly Binding[]): Promise<void> {
  for (const binding of bindings) await channel.queueBind({ queue, ...binding })
}

function openDelivery(channel: Channel, message: AsyncMessage): Delivery {
  const { deliveryTag } = message
  let isSettled = false
  /** On a lost channel there is nothing to say: RabbitMQ has taken the message back. */
  const settle = (say: () => void): void => {
    if (isSettled || !channel.active) return
    isSettled = true
    say()
  }
  return {
    message,
    isLive: () => !isSettled && channel.active,
    ack: () => settle(() => channel.basicAck({ deliveryTag })),
    giveBack: () => settle(() => channel.basicNack({ deliveryTag, requeue: true })),
    reject: () => settle(() => channel.basicNack({ deliveryTag, requeue: false })),
  }
}
