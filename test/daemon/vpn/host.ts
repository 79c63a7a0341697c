/** The daemon's VPNs as compose.ts wires them, with a fake helper on a real socket and a stand-in for tincd. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Event } from '../../../policy/api/events.ts'
import { createEventBus } from '../../../daemon/events.ts'
import { createBridges } from '../../../daemon/network/bridges.ts'
import { createNetworkHelper } from '../../../daemon/network/helper.ts'
import { openHostLinks } from '../../../daemon/network/links.ts'
import { openNetworkTable } from '../../../daemon/network/table.ts'
import { createQueues } from '../../../daemon/vm/queue.ts'
import { openVmTable, type Entry } from '../../../daemon/vm/table.ts'
import { createBringUp } from '../../../daemon/vpn/bring-up.ts'
import { createVpns, type Vpns } from '../../../daemon/vpn/lifecycle.ts'
import { createMembership, type Membership } from '../../../daemon/vpn/membership.ts'
import { createPortChooser } from '../../../daemon/vpn/ports.ts'
import { openVpnTable, type VpnTable } from '../../../daemon/vpn/table.ts'
import { createTunnels } from '../../../daemon/vpn/tunnel.ts'
import type { VmId } from '../../../policy/names.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { grantAll, startFakeHelper, type HelperAnswer } from '../../fakes/helper-server.ts'
import { createFakeTincd, type FakeTincd } from '../../fakes/tincd.ts'
import { recordLog } from '../rpc/harness.ts'

export const GRANT = 'fd00:ae::/48'

export interface Host {
  readonly folder: string
  readonly vpns: Vpns
  readonly membership: Membership
  readonly table: VpnTable
  readonly tincd: FakeTincd
  readonly events: Event[]
  /** VMs on any VPN, to be changed by the test. */
  readonly users: VmId[]
  /** Names of what was asked of the helper since the last call. */
  asked(): string[]
}

/** As a helper that grants {@link GRANT} would answer. */
export const grantPrefix: HelperAnswer = (request) => (request.operation === 'policy.get' ? { ...grantAll(request), prefix: GRANT } : grantAll(request))

export async function openHost(t: Test, { answer = grantPrefix, networks = [] }: { answer?: HelperAnswer; networks?: string[] } = {}): Promise<Host> {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  for (const name of ['config/network', 'sys', 'run', 'log']) mkdirSync(at(name), { recursive: true })
  for (const name of networks) writeFileSync(at(`config/network/${name}.json`), JSON.stringify({ version: 1, name, createdAt: new Date().toISOString() }))
  const { requests } = await startFakeHelper(t, at('helper.sock'), answer)
  const helper = createNetworkHelper(at('helper.sock'), { answerMs: 5000, restartMs: 200, absentMs: 20 })
  const links = openHostLinks(at('sys'), 1000)
  const { log } = recordLog('debug')
  const bus = createEventBus()
  const events: Event[] = []
  bus.on((event) => events.push(event))
  const folders = { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }
  const [networkTable, table] = [openNetworkTable(folders.config, log), openVpnTable(folders.config, log)]
  const vms = await openVmTable(folders, { file: () => undefined }, () => undefined, bus, log)
  const bridges = createBridges(helper, links, log)
  const networkQueues = createQueues<string>()
  const tincd = createFakeTincd(t, folder)
  const tunnels = createTunnels(folders, tincd)
  const bringUp = createBringUp({ vpns: table, bridges, links, tunnels })
  const users: VmId[] = []
  const sweeping = { helper, networks: networkTable, vpns: table, networkQueues, vms, vmQueues: createQueues<Entry>(), log }
  const vpns = createVpns({ ...sweeping, bridges, links, tunnels, bringUp, ports: createPortChooser(), events: bus, usersOf: () => users })
  const membership = createMembership({ table, vpns, bringUp, tunnels, networkQueues, events: bus, log })
  let from = 0
  return {
    folder,
    vpns,
    membership,
    table,
    tincd,
    events,
    users,
    asked() {
      const news = requests.slice(from).map(({ operation }) => operation)
      from = requests.length
      return news
    },
  }
}
