/**
 * What lies in RabbitMQ: exchanges and queues by name, with who declares them and what they carry. The first three names are
 * the first aetherscale's.
 */

/** Direct exchange; the routing key is the old command. Whoever declared it before us, with other properties, is left alone. */
export const COMPUTING = 'computing'
/** Requests to make a VM, old ones and JSON-RPC's `vm.create`: each for whichever host takes it first. Bound to `create-vm`. A quorum queue. */
export const COMPETING = 'computing-competing'
/** Old commands that are for the host that has the VM, or for all: bound to each host's own exclusive queue. */
export const LEGACY_FOR_ALL = ['list-vms', 'start-vm', 'stop-vm', 'delete-vm'] as const
/** Where a request waits that all hosts have passed on, before it is offered to them again. */
export const LATER = 'computing-competing.later'
/** Requests that were offered until their time was over: every host that is connected answers those, also a full one. */
export const UNSERVED = 'computing-competing.unserved'
/** What could not be read, or was given back too often; nobody consumes it but an admin. */
export const DEAD = 'computing-dead'

/** Direct exchange of JSON-RPC between hosts, and from clients to hosts. */
export const CLUSTER = 'aetherscale'
/** Routing key of {@link CLUSTER} that reaches every host that is connected. */
export const EVERY_HOST = 'all'
/** Routing key of {@link CLUSTER} that reaches one host, and the mandatory flag tells when it is not connected. */
export const hostKey = (host: string): string => `host.${host}`
/** A host's own durable queue: requests that it has claimed and that came to another one. Consumed exclusively: one relay a name. */
export const hostQueue = (host: string): string => `aetherscale.host.${host}`

/**
 * Which host makes the VM of a request is settled once, whoever it is delivered to: a queue that is never used for messages and
 * is declared by the taker with its own name among the arguments. RabbitMQ declares a queue once and refuses other arguments.
 * `digest`: 16 characters.
 */
export const claimQueue = (digest: string): string => `aetherscale.claim.${digest}`

/** Offered again so often, a request that each time ended the program that took it is put aside. */
export const DELIVERY_LIMIT = 20

/** AMQP headers of ours. */
export const headers = {
  /** When the request is no more to be served: milliseconds since the epoch. */
  deadline: 'aetherscale-deadline',
  /** Hosts that have passed the request on, with the reason: an object as JSON. */
  passedBy: 'aetherscale-passed-by',
  /** Of a message that must arrive: by which its sender knows it where RabbitMQ returns it. It says nothing to others. */
  number: 'aetherscale-number',
  /** Of an answer: the host that gives it. */
  host: 'aetherscale-host',
  /** Of a message in {@link DEAD}: why it is there, where a host has put it there; else RabbitMQ's own x-death says it. */
  reason: 'aetherscale-reason',
} as const
