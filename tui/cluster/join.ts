/** Makes this host one of those on the broker: heard of, asked, and trusted where people have pinned it. The composition root of tui/cluster. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'rabbitmq-client'
import type { Logger } from 'pino'
import { ANNOUNCE_EVERY_MS, type Announcement, type Host } from '../../policy/broker/cluster.ts'
import type { BrokerConfig } from '../../policy/broker/config.ts'
import { hostNotifications } from '../../policy/broker/host-methods.ts'
import { CLUSTER, EVERY_HOST, hostKey } from '../../policy/broker/topology.ts'
import type { Client } from '../client.ts'
import type { Claims } from '../broker/claims.ts'
import { Consumer } from '../broker/consumer.ts'
import { Outbox } from '../broker/outbox.ts'
import type { Reply } from '../broker/reply.ts'
import { Announcing } from './announcing.ts'
import { Asker } from './asker.ts'
import { Nonces } from './keys/envelope.ts'
import type { HostKey } from './keys/host-key.ts'
import { readPins, type Pins } from './keys/pins.ts'
import { Registry } from './registry.ts'
import { createServing } from './serve.ts'
import { Conversation } from './vpn/conversation.ts'
import { VpnExchange } from './vpn/exchange.ts'

/** Messages that RabbitMQ hands over before the first are done: announcements among them are not to wait behind slow requests. */
const PREFETCH = 128
/** When this program began, by the clock of the host as it is now: it may have been put right since. */
const begun = (): number => Date.now() - process.uptime() * 1000

/** How long what is under way has when this host leaves. */
const LEAVE_WITHIN_MS = 10_000
/** Every host that is there was heard by then: one announcement of each, and what they take on the way. */
const ACQUAINTED_AFTER_MS = ANNOUNCE_EVERY_MS + 1000
/** Between two lines of the log about the same impostor. */
const COMPLAIN_EVERY_MS = 60_000

export interface ClusterOptions {
  readonly connection: Connection
  readonly claims: Claims
  /** Name of this host. */
  readonly host: string
  readonly key: HostKey
  readonly remote: BrokerConfig['remote']
  /** `broker/` of the configuration folder, where the pins are. */
  readonly folder: string
  readonly daemon: Pick<Client, 'call' | 'callAny'>
  /** What this host has, as it is now. */
  readonly describeHost: () => Promise<Omit<Announcement, 'at' | 'publicKey'>>
  /** Sends answers. */
  readonly reply: Reply
  readonly log: Logger
}

export interface Cluster {
  /** Begins to listen, and to tell the others: when the name of this host is its own. */
  start(): void
  /** Names of the hosts that are connected, this one included. */
  knownHosts(): readonly string[]
  /** Whether these are all that there are. Not for some seconds after each connection: who has just come knows nobody yet. */
  isAcquainted(): boolean
  /** What this host has, or takes, has changed. */
  announceSoon(): void
  /** Before a VM is made on a VPN; see {@link VpnExchange.ensure}. */
  ensureVpn(vpn: string): Promise<void>
  /** Tells the others, takes no more, and lets what is under way end, for some seconds. */
  leave(): Promise<void>
}

export function joinCluster({ connection, claims, host, key, remote, folder, daemon, describeHost, reply, log }: ClusterOptions): Cluster {
  const registry = new Registry()
  const asker = new Asker(connection)
  const news = new Outbox(connection)
  let own: Announcement | undefined
  let connected: readonly string[] = []
  const complained = new Map<string, number>()
  /** When the others began to be heard, by a clock that only goes ahead; not while they are not. */
  let hearsSince = Infinity

  const complain = (about: string, details: object, message: string): void => {
    const now = performance.now()
    if (now - (complained.get(about) ?? -Infinity) < COMPLAIN_EVERY_MS) return
    if (complained.size > 1000) complained.clear()
    complained.set(about, now)
    log.warn(details, message)
  }

  const pins = (): Pins => {
    try {
      return readPins(folder)
    } catch (error) {
      complain('pins', { why: (error as Error).message }, 'no host is trusted')
      return new Map()
    }
  }

  const isAcquainted = (): boolean => performance.now() - hearsSince >= ACQUAINTED_AFTER_MS

  const conversation = new Conversation({ self: { name: host, key }, pins, asker, nonces: new Nonces(begun), log })
  const vpns = new VpnExchange({
    self: host,
    daemon,
    conversation,
    trusted: () => registry.trusted(pins(), performance.now()),
    strangers: () => registry.strangers(pins(), performance.now()),
    absent: () => registry.absent(pins(), performance.now()),
    isAcquainted,
    claims,
    hasten: () => announcing.hasten(),
    log,
  })

  const send = (method: keyof typeof hostNotifications, params: object): Promise<void> =>
    news.send({ exchange: CLUSTER, routingKey: EVERY_HOST, contentType: 'application/json' }, { jsonrpc: '2.0', method, params })

  const tellOfLosses = (): void => {
    const now = registry.connected(performance.now())
    for (const lost of connected.filter((each) => !now.includes(each))) log.info({ host: lost }, 'a host is no more heard of')
    connected = now
  }

  /** While the daemon is away, what was known of it last: the host is still there, and why it takes nothing is worth telling. */
  const describe = async (): Promise<Omit<Announcement, 'at' | 'publicKey'>> => {
    try {
      return await describeHost()
    } catch (error) {
      if (!own) throw error
      return { ...own, takes: false, why: 'its daemon does not answer' }
    }
  }

  const announcing = new Announcing(async () => {
    try {
      own = { ...(await describe()), at: new Date().toISOString(), publicKey: key.public.text }
      if (connection.ready) await send('host.announce', own)
    } catch (error) {
      complain('announce', { why: (error as Error).message }, 'this host could not tell the others of itself')
    }
    tellOfLosses()
    void vpns.meet()
  })

  const hear = (params: unknown): void => {
    const { data: announcement } = hostNotifications['host.announce'].safeParse(params)
    if (!announcement) return complain('unreadable', {}, 'an announcement cannot be read')
    const { host: other, publicKey } = announcement
    if (other === host) {
      if (publicKey !== key.public.text) complain('self', { publicKey }, 'somebody else announces itself under the name of this host')
      return
    }
    const what = registry.hear(announcement, pins(), performance.now())
    if (what === 'conflict') complain(`conflict ${other}`, { host: other, publicKey }, 'somebody announces itself as a pinned host, with another key: it is not believed')
    if (what === 'new') {
      log.info({ host: other }, 'a host is on the broker')
      announcing.hasten()
    }
  }

  const forget = (params: unknown): void => {
    const { data } = hostNotifications['host.leaving'].safeParse(params)
    if (data && data.host !== host) registry.leave(data.host, pins())
  }

  const describeSelf = (): Host => ({ ...(own ?? { host: host as Host['host'], publicKey: key.public.text }), ageSeconds: 0, connected: true, trust: 'self' })

  const listHosts = async (): Promise<{ hosts: Host[] }> => {
    const others = registry.list(pins(), performance.now()).filter((each) => each.host !== host)
    return { hosts: [...others, describeSelf()].sort((a, b) => (a.host < b.host ? -1 : 1)) }
  }

  const serve = createServing({
    remote,
    daemon,
    ensureVpn: (vpn) => vpns.ensure(vpn),
    own: { 'host.list': listHosts, ...vpns.methods() },
    heard: { 'host.announce': hear, 'host.leaving': forget },
    reply,
    log,
  })

  const consumer = new Consumer({
    connection,
    async prepare(channel) {
      await channel.exchangeDeclare({ exchange: CLUSTER, type: 'direct', durable: true })
      // It ends with its consumer: one that is left behind would fill for as long as the connection lasts.
      const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true })
      announcing.hasten()
      announcing.start()
      return queue
    },
    bindings: [EVERY_HOST, hostKey(host)].map((routingKey) => ({ exchange: CLUSTER, routingKey })),
    atOnce: PREFETCH,
    async handle(delivery) {
      await serve(delivery.message)
      delivery.ack()
    },
    onReady: () => (hearsSince = performance.now()),
    onEnd: () => (hearsSince = Infinity),
    onError: (error) => complain('consumer', { why: (error as Error).message }, 'what hosts tell each other cannot be heard; trying again'),
  })

  return {
    start: () => consumer.start(),
    knownHosts: () => [...new Set([host, ...registry.connected(performance.now())])].sort(),
    isAcquainted,
    announceSoon: () => announcing.hasten(),
    ensureVpn: (vpn) => vpns.ensure(vpn),
    async leave() {
      await announcing.stop()
      if (own && connection.ready) await send('host.leaving', { host }).catch(() => undefined)
      await Promise.race([consumer.stop(), delay(LEAVE_WITHIN_MS, undefined, { ref: false })])
      await Promise.all([asker.close(), news.close()])
    },
  }
}
