/**
 * Which host makes the VM of a request. RabbitMQ is the judge: it makes a queue once, and refuses to whoever declares it with
 * other arguments, naming the argument and what it is. The queue is never used for messages; the name of its maker is where
 * dead letters of it would go. RabbitMQ cuts off what it says, and the maker stands at its end: all names in it are short.
 *
 * Why no VM is lost or made twice, wherever a relay, a daemon or RabbitMQ ends. A message is acknowledged after what follows from
 * it is with RabbitMQ (a publisher's confirm) or in the VM's record, so that an end in between brings it again: nothing is lost,
 * and all that remains is that a request can be there twice. Of each step, what a second delivery finds:
 *
 * - stamp, then ack. A request that has an identity (requestId, message-id, a UUID as correlation id) is not stamped. One that has
 *   none and whose relay or connection ends between the two is stamped again, as another request: **this one window makes two
 *   VMs**. AMQP has nothing that tells a second delivery from a second wish; who must not have it gives the message an id.
 * - claim. Of any number of hosts one gets it. A claim outlives every deadline, and the host, which consumes its own queue
 *   exclusively: one relay a name. Others send the request there, and ack when it is there; a second such copy changes nothing.
 *   A host that does not come back is given up after a minute, with a word; the claim stays, so that nobody else begins.
 * - create. The daemon keeps the id in the VM's record from before the disk is made: asked again, it answers the VM, waits for
 *   the one that is under way, or removes what is left of one and begins anew.
 * - the answer, then ack. It is given once more: the VM is the same. A request whose VM was deleted meanwhile is answered
 *   from the relay's memory, for which alone it would be new; a relay that has ended has forgotten it.
 * - a refusal: drop of the claim, then passing on, then ack. Nothing is left of the VM by then. On the host, deliveries of one
 *   request have their turn one after another (by-request.ts), and others cannot claim what is claimed: so whoever drops a claim drops
 *   its own. An end after the drop leaves a request that nobody has claimed, which is what it is.
 * - passing on, later, or the dead: published, then ack. A second copy carries the same identity: it meets the claim. That nobody
 *   has what a request asks for is said, and ends it, by a host alone that has heard the others since it came.
 */
import type { Channel, Connection } from 'rabbitmq-client'
import { HOST_NAME_LIMIT, HostName } from '../../policy/broker/config.ts'
import { claimQueue } from '../../policy/broker/topology.ts'
import { digestOf, LONGEST_MS } from './request.ts'
import { CLASSIC, isRefusal } from './topology.ts'

/** The longest deadline, and an hour: of requests. The same for all, or a difference of this would be what RabbitMQ complains about. */
const KEPT_MS = LONGEST_MS + 3_600_000

/** The argument that has the name of the maker. */
const OWNER = 'x-dead-letter-routing-key'

/** AMQP 0-9-1: an explanation is a short string. RabbitMQ cuts what is longer. */
const EXPLANATION_LIMIT = 255
const COMPLAINT = `PRECONDITION_FAILED - inequivalent arg '${OWNER}' for queue '${claimQueue(digestOf(''))}' in vhost '': received '' but current is ''`

/** Bytes of the name of a virtual host: what two names of hosts leave of an explanation. */
export const VHOST_LIMIT = EXPLANATION_LIMIT - COMPLAINT.length - 2 * HOST_NAME_LIMIT

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

  /** Claims what has this id, unless another host has; `keptMs` has to be the same for all who claim it. */
  async take(id: string, keptMs = KEPT_MS): Promise<Owner> {
    const args = { ...CLASSIC, 'x-expires': keptMs, 'x-dead-letter-exchange': '', [OWNER]: this.#host }
    try {
      await this.#use((channel) => channel.queueDeclare({ queue: nameOf(id), durable: true, arguments: args }))
      return { kind: 'ours' }
    } catch (error) {
      // With the same code it says that the virtual host has as many queues as it may have.
      if (!isRefusal(error, 'PRECONDITION_FAILED') || !error.message.includes('inequivalent arg')) throw error
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
      // With the same code it says that the queue is there, and the node that has it is away.
      if (isRefusal(error, 'NOT_FOUND') && error.message.includes('no queue')) return false
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

/** `… received 'a' but current is 'b'`. */
export function ownerIn(complaint: string): string | undefined {
  const [, arg, owner] = /inequivalent arg '([^']*)'.*but current is '([^']*)'/s.exec(complaint) ?? []
  return arg === OWNER && HostName.safeParse(owner).success ? owner : undefined
}
