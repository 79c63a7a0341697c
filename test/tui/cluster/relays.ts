/** Hosts on a real broker: the cluster part of a relay, before a daemon with scripted answers. */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { Connection } from 'rabbitmq-client'
import type { Test } from 'tap'
import { Outbox } from '../../../tui/broker/outbox.ts'
import { createReply } from '../../../tui/broker/reply.ts'
import { connect } from '../../../tui/client.ts'
import { Claims } from '../../../tui/broker/claims.ts'
import { joinCluster, type Cluster, type ClusterOptions } from '../../../tui/cluster/join.ts'
import { openHostKey, type HostKey } from '../../../tui/cluster/keys/host-key.ts'
import { pin } from '../../../tui/cluster/keys/pins.ts'
import { startFakeDaemon, type FakeAnswer, type FakeDaemon } from '../../fakes/daemon.ts'
import { makeFolder } from '../../fakes/folder.ts'
import type { TestRabbit } from '../../inputs/rabbitmq.ts'

export interface TestRelay {
  readonly name: string
  readonly cluster: Cluster
  readonly daemon: FakeDaemon
  /** Its key and its pins. */
  readonly folder: string
  readonly key: HostKey
  /** Lines of its log. */
  readonly log: Readonly<Record<string, unknown>>[]
  /** Loses its connection without a word, and does not come back. */
  vanish(): void
}

export type Facts = Omit<Awaited<ReturnType<ClusterOptions['describeHost']>>, 'host'>

/** Of a host with nothing on it. */
export const emptyHost: Facts = {
  version: '0.0.0',
  takes: true,
  vms: { used: 0, limit: 10 },
  memoryMiB: { used: 0, limit: 4096 },
  diskMiB: { used: 0, limit: 10_240 },
  images: [],
  networks: [],
  vpns: [],
  bridges: [],
}

export interface RelayOptions {
  readonly answers?: Readonly<Record<string, FakeAnswer>>
  readonly facts?: () => Facts | Promise<Facts>
  readonly remote?: ClusterOptions['remote']
  readonly folder?: string
}

export async function startRelay(t: Test, rabbit: TestRabbit, name: string, { answers = {}, facts = () => emptyHost, remote = 'control', folder = makeFolder(t) }: RelayOptions = {}): Promise<TestRelay> {
  const daemon = await startFakeDaemon(t, { 'vpn.list': () => ({ vpns: [] }), ...answers })
  const client = await connect({ socket: daemon.socket, env: {}, access: 'control' })
  const [connection, answering] = [openConnection(rabbit), openConnection(rabbit)]
  const log: TestRelay['log'] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) })
  const describeHost: ClusterOptions['describeHost'] = async () => ({ ...(await facts()), host: name as never })
  const key = openHostKey(folder)
  const cluster = joinCluster({ connection, claims: new Claims(connection, name), host: name, key, remote, folder, daemon: client, describeHost, reply: createReply(new Outbox(answering), name, logger), log: logger })
  cluster.start()
  const vanish = (): void => {
    connection.unsafeDestroy()
    answering.unsafeDestroy()
  }
  t.teardown(async () => {
    await cluster.leave()
    connection.unsafeDestroy()
    answering.unsafeDestroy()
    client.close()
  })
  return { name, cluster, daemon, folder, key, log, vanish }
}

function openConnection({ port }: TestRabbit): Connection {
  const connection = new Connection({ hostname: '127.0.0.1', port, retryLow: 100, retryHigh: 500 })
  connection.on('error', () => undefined)
  return connection
}

/** Each pins each other. */
export function pinAll(relays: readonly TestRelay[]): void {
  for (const one of relays) for (const other of relays) if (one !== other) pin(one.folder, other.name, other.key.public)
}

export async function eventually(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const begin = performance.now(); performance.now() - begin < 60_000; await delay(20)) if (await isTrue()) return
  throw new Error(`not within a minute: ${what}`)
}

/** Until all of them have heard of each other. */
export async function acquainted(relays: readonly TestRelay[]): Promise<void> {
  const names = relays.map(({ name }) => name).sort()
  await eventually(() => relays.every(({ cluster }) => names.every((name) => cluster.knownHosts().includes(name))), `${names.join(' and ')} have heard of each other`)
}
