/** The daemon's networks as compose.ts wires them, with a fake helper on a real socket and a host whose links the test makes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Event } from '../../../policy/api/events.ts'
import { NetworkName, type MacAddress, type VmId } from '../../../policy/names.ts'
import { createEventBus } from '../../../daemon/events.ts'
import { createAttachments, type Attachments } from '../../../daemon/network/attachments.ts'
import { createBridges } from '../../../daemon/network/bridges.ts'
import { createNetworkHelper } from '../../../daemon/network/helper.ts'
import { createNetworks, type Networks } from '../../../daemon/network/lifecycle.ts'
import { openHostLinks, type HostLinks } from '../../../daemon/network/links.ts'
import { replayNetworks, type NetworkReplay } from '../../../daemon/network/replay.ts'
import { watchTaps } from '../../../daemon/network/tap-watch.ts'
import { openNetworkTable } from '../../../daemon/network/table.ts'
import { vmsOnNetwork } from '../../../daemon/network/users.ts'
import { createQueues } from '../../../daemon/vm/queue.ts'
import type { VmRecord } from '../../../daemon/vm/record.ts'
import { openVpnTable } from '../../../daemon/vpn/table.ts'
import { openVmTable, type Entry, type VmTable } from '../../../daemon/vm/table.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { startFakeHelper, type HelperAnswer, type HelperRequest } from '../../fakes/helper-server.ts'
import { recordLog, type LogLine } from '../rpc/harness.ts'

export const UID = 1000
export const lan = NetworkName.parse('lan')

export interface Harness {
  readonly folder: string
  readonly networks: Networks
  readonly attachments: Attachments
  readonly links: HostLinks
  readonly vms: VmTable
  readonly vmQueues: ReturnType<typeof createQueues<Entry>>
  readonly requests: HelperRequest[]
  readonly events: Event[]
  readonly lines: LogLine[]
  /** Begins what a daemon does when it starts; closed with the test. */
  replay(): NetworkReplay
  /** Begins to look after taps; closed with the test. */
  watchTaps(): void
  /** Names of what was asked of the helper since the last call. */
  asked(): string[]
}

interface Options {
  /** `undefined`: there is no helper. */
  readonly answer?: HelperAnswer | undefined
  /** Links of the host that are bridges, and those with an alias. */
  readonly bridges?: readonly string[]
  readonly aliases?: Readonly<Record<string, string>>
  /** Files below the configuration folder, as they were before the daemon started. */
  readonly files?: Readonly<Record<string, unknown>>
}

export async function openNetworks(t: Test, { answer, bridges: made = ['aeb-lan'], aliases = {}, files = {} }: Options): Promise<Harness> {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  for (const name of made) mkdirSync(join(at('sys'), name, 'bridge'), { recursive: true })
  mkdirSync(at('sys'), { recursive: true })
  for (const [name, alias] of Object.entries(aliases)) {
    mkdirSync(join(at('sys'), name), { recursive: true })
    writeFileSync(join(at('sys'), name, 'ifalias'), `${alias}\n`)
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(at('config'), name, '..'), { recursive: true })
    writeFileSync(join(at('config'), name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const requests = answer ? (await startFakeHelper(t, at('helper.sock'), answer)).requests : []
  const helper = createNetworkHelper(at('helper.sock'), { answerMs: 5000, restartMs: 200, absentMs: 20 })
  const links = openHostLinks(at('sys'), UID)
  const { log, lines } = recordLog('debug')
  const bus = createEventBus()
  const events: Event[] = []
  bus.on((event) => events.push(event))
  const folders = { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }
  const table = openNetworkTable(folders.config, log)
  const vpns = openVpnTable(folders.config, log)
  const vms = await openVmTable(folders, { file: () => undefined }, (name) => table.get(name)?.prefix, bus, log)
  const bridges = createBridges(helper, links, log)
  const leaving = new Set<string>()
  const vmQueues = createQueues<Entry>()
  const sweeping = { helper, networks: table, vpns, networkQueues: createQueues<string>(), vms, vmQueues, log }
  const attachments = createAttachments({ helper, table, vpns, bridges, links, leaving, log })
  const replaying = { ...sweeping, bridges, attachments, bringUp: () => Promise.reject(new Error('no VPN is here')) }
  let from = 0
  return {
    folder,
    attachments,
    links,
    vms,
    vmQueues,
    requests,
    events,
    lines,
    networks: createNetworks({ ...sweeping, bridges, links, events: bus, usersOf: (name) => vmsOnNetwork(vms, name), leaving }),
    watchTaps() {
      const watch = watchTaps({ ...replaying, links }, 10)
      t.teardown(() => {
        watch.close()
      })
    },
    replay() {
      const replay = replayNetworks(replaying, { firstMs: 10, longestMs: 20 })
      t.teardown(() => {
        replay.close()
      })
      return replay
    },
    asked() {
      const news = requests.slice(from).map(({ operation }) => operation)
      from = requests.length
      return news
    },
  }
}

/** The record of a VM with these interfaces. */
export function vmRecord(id: string, networks: readonly object[], changes: Partial<VmRecord> = {}): VmRecord {
  const mac = '52:54:00:12:34:56' as MacAddress
  return {
    version: 1,
    id: id as VmId,
    image: 'tiny',
    vcpus: 1,
    memoryMiB: 64,
    diskMiB: 64,
    networks: networks.map((network) => ({ mac, ...network })),
    autostart: false,
    machine: 'pc-i440fx-7.2',
    createdAt: '2026-01-02T03:04:05.678Z',
    phase: 'ready',
    ...changes,
  } as VmRecord
}

export const onLan = { kind: 'network', name: 'lan' }
export const lanRecord = { version: 1, name: 'lan', createdAt: '2026-01-02T03:04:05.678Z' }
