/** Joins this host to RabbitMQ: the one file that wires the parts of the relay. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { COMPETING, COMPUTING, hostQueue, UNSERVED } from '../../policy/broker/topology.ts'
import { UserError } from '../../policy/errors.ts'
import type { Client } from '../client.ts'
import { joinCluster } from '../cluster/join.ts'
import { openHostKey } from '../cluster/keys/host-key.ts'
import { Capacity } from './capacity.ts'
import { Claims } from './claims.ts'
import { openConnection, openQuietConnection } from './connection.ts'
import { Consumer } from './consumer.ts'
import { CreateHandler } from './create.ts'
import { DaemonLink, isAway } from './daemon-link.ts'
import { connectForNews } from './daemon-news.ts'
import { explain } from './explain.ts'
import type { HostDescription } from './facts.ts'
import { Forward } from './forward.ts'
import { HostCommands } from './host-commands.ts'
import { NoQueue, Outbox } from './outbox.ts'
import { createReply } from './reply.ts'
import type { BrokerSettings } from './settings.ts'
import { declareTopology, isInUse, isRefusal } from './topology.ts'
import { createUnservedHandler } from './unserved.ts'

/** How often it is looked whether there is room, besides after each VM that was made here. */
const LOOK_MS = 2000
/** What is under way has this long when the program is to end. */
const LEAVE_MS = 20_000
/** How long RabbitMQ may take to notice that the relay before this one has gone. */
const TAKEN_MS = 3000
/** How long the connection for answers may be away beside one that is there, as RabbitMQ ends it for some addresses. */
const ALONE_MS = 2000
const AWAY = 'its daemon does not answer'

export interface Relay {
  /** Rejects when the relay cannot be: UserError BROKER_HOST_TAKEN. */
  readonly failed: Promise<never>
  /** What other hosts are told of this one. */
  describeHost(): Promise<HostDescription>
  /** Takes nothing more, ends what is under way, and disconnects. */
  leave(): Promise<void>
}

export interface RelayOptions {
  readonly settings: BrokerSettings
  readonly connectDaemon: () => Promise<Client>
  readonly log: Logger
  /** Where the key of this host is, and those that are pinned: `broker/` of the configuration folder. */
  readonly folder: string
}

/** @throws ClusterError where the key of the host cannot be used */
export function startRelay({ settings, connectDaemon, log, folder }: RelayOptions): Relay {
  const { config, host, password } = settings
  const { deadlineSeconds, atOnce, limits, legacy } = config
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  const begin = performance.now()
  let isLeaving = false
  /** Whether this host's own queue is ours: without it, nobody could hand us what we have claimed. */
  let isOwn = false
  let wasOwn = false
  let hasRival = false
  let whyNot: string | undefined = AWAY

  // Before anything is open: it may not be usable.
  const key = openHostKey(folder)
  const ended = new AbortController()
  const connection = openConnection(settings, log, ended.signal)
  const daemon = new DaemonLink(() => connectForNews(connectDaemon, () => cluster.announceSoon()), (why) => {
    if (why === undefined) log.info('connected to the daemon')
    else log.warn({ why }, 'the daemon does not answer; waiting for it')
    void settle()
  })
  const outbox = new Outbox(connection)
  const claims = new Claims(connection, host)
  const forward = new Forward(outbox)
  const answering = openQuietConnection(settings, 'answers')
  const answers = new Outbox(answering)
  answering.on('error', (error: unknown) => void tellOfNoAnswers(error))
  const reply = createReply(answers, host, log)
  const capacity = new Capacity(daemon, limits)
  const describeHost = (): Promise<HostDescription> => capacity.describe(host, isLeaving ? 'leaving' : whyNot)

  /** Once a connection; each consumer begins with it. */
  let declared: Promise<void> | undefined
  connection.on('connection', () => (declared = undefined))
  const declare = (): Promise<void> =>
    (declared ??= declareTopology(connection, host, deadlineSeconds, (why) => log.info({ why }, 'something in RabbitMQ is used as others have made it')).catch((error: unknown) => {
      declared = undefined
      throw error
    }))
  const prepare = (queue: string) => async (): Promise<string> => {
    await declare()
    return queue
  }
  const onError = (error: unknown): void => {
    // Somebody has deleted a queue. One that is consumed is made again with its consumer; others have none.
    if (error instanceof NoQueue || isRefusal(error, 'NOT_FOUND')) {
      declared = undefined
      declare().catch(() => undefined)
    }
    // That the connection is lost is told by the connection, and once.
    if (connection.ready && !isLeaving) log.warn({ why: explain(error, password) }, 'something failed, and is tried again')
  }

  const cluster = joinCluster({ connection, claims, host, key, remote: config.remote, folder, daemon, describeHost, reply, log })
  const { knownHosts, isAcquainted, ensureVpn } = cluster

  const creates = new CreateHandler({
    host,
    knownHosts,
    isAcquainted,
    ensureVpn,
    deadlineSeconds,
    legacy,
    daemon,
    capacity,
    claims,
    forward,
    reply,
    isLeaving: () => isLeaving,
    onRoom: () => (cluster.announceSoon(), void settle()),
    log,
  })
  const competing = new Consumer({ connection, prepare: prepare(COMPETING), atOnce, handle: creates.fromCompeting, onError })
  const unserved = new Consumer({ connection, prepare: prepare(UNSERVED), atOnce, handle: createUnservedHandler({ creates, claims, forward, reply }), onError })
  const commands = new HostCommands({ connection, prepare: prepare(''), host, knownHosts, isAcquainted, daemon, outbox, reply, onError, log })
  const own = new Consumer({
    connection,
    prepare: prepare(hostQueue(host)),
    // Also while this host takes none.
    bindings: [{ queue: COMPETING, exchange: COMPUTING, routingKey: 'create-vm' }],
    atOnce,
    exclusive: true,
    handle: creates.fromOwn,
    onReady: () => {
      isOwn = wasOwn = true
      hasRival = false
      cluster.start()
      unserved.start()
      commands.start()
      void settle()
    },
    onEnd: () => {
      isOwn = false
      void settle()
    },
    onError: (error) => {
      if (!isInUse(error)) return onError(error)
      if (!wasOwn && performance.now() - begin < TAKEN_MS) return
      if (!wasOwn) return failure.reject(taken(host))
      if (!hasRival) log.error({ host }, 'another relay is on the broker under the name of this host, or RabbitMQ has not noticed the end of a connection of our own; waiting for its end')
      hasRival = true
      void settle()
    },
  })

  /** A user who may have one connection alone makes VMs, and nobody who has asked for them hears of it. */
  async function tellOfNoAnswers(error: unknown): Promise<void> {
    await delay(ALONE_MS, undefined, { signal: ended.signal, ref: false }).catch(() => undefined)
    if (connection.ready && !answering.ready && !isLeaving) log.warn({ why: explain(error, password) }, 'RabbitMQ lets this host have no second connection, over which it answers; trying again')
  }

  async function whyNothing(): Promise<string | undefined> {
    if (isLeaving) return 'leaving'
    if (!isOwn) return hasRival ? 'another relay has its name' : 'RabbitMQ does not answer'
    return daemon.isThere ? capacity.whyFull().catch(explainAway) : AWAY
  }

  /** Takes requests, or not, as things are by now. Of several that ask while one looks, the last suffices. */
  let turn: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  function settle(): Promise<void> {
    next ??= turn = turn.then(async () => {
      next = undefined
      const why = await whyNothing()
      if (why !== whyNot) log.info(why === undefined ? 'takes requests for VMs' : `takes no requests for VMs: ${why}`)
      if (why !== whyNot) cluster.announceSoon()
      whyNot = why
      if (why === undefined) competing.start()
      // What is under way may end long after.
      else void competing.stop()
    })
    return next
  }

  daemon.start()
  own.start()
  const looking = setInterval(() => void settle(), LOOK_MS)

  return {
    failed: failure.promise,
    describeHost,
    async leave() {
      isLeaving = true
      clearInterval(looking)
      log.info('leaving')
      const left = Promise.all([cluster.leave(), ...[competing, unserved, own, commands].map((each) => each.stop())]).then(async () => {
        await Promise.all([outbox.close(), answers.close(), claims.close()])
        await Promise.all([connection.close(), answering.close()])
      })
      const bound = new AbortController()
      // Without a connection there is nothing to settle: RabbitMQ has taken back what we had.
      const wait = connection.ready ? LEAVE_MS : 0
      await Promise.race([left.catch(() => undefined), delay(wait, undefined, { signal: bound.signal }).catch(() => undefined)])
      bound.abort()
      ended.abort()
      for (const each of [connection, answering]) each.unsafeDestroy()
      daemon.close()
    },
  }
}

/** The daemon can go while it is asked. */
function explainAway(error: unknown): string {
  return isAway(error) ? AWAY : `its daemon answers: ${(error as Error).message}`
}

function taken(host: string): UserError {
  return new UserError('BROKER_HOST_TAKEN', `another relay is on the broker as the host "${host}"`, {
    hint: 'end that one, or say another name for this host, as "host" in broker.json',
  })
}
