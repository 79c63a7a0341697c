/** The only file that wires modules together: from a configuration to a daemon that answers. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { methods } from '../policy/api/index.ts'
import type { Accelerator, Check } from '../policy/api/system.ts'
import { UserError } from '../policy/errors.ts'
import type { Prefix64, VmId } from '../policy/names.ts'
import { describeApi } from '../policy/openrpc.ts'
import type { Config } from './config.ts'
import { examine } from './doctor/examine.ts'
import { readRecords, recordsOf } from './doctor/records.ts'
import { checkVms } from './doctor/vms.ts'
import { checkVpns } from './doctor/vpns.ts'
import { createDisks } from './disk/disks.ts'
import { createEventBus } from './events.ts'
import { makeFolders, removeDebris } from './folders.ts'
import { watchFirstBoots } from './firstboot/watch.ts'
import { createCopies } from './guest/copies.ts'
import { createHandlers } from './handlers/all.ts'
import { createLook } from './image/first-boot/look.ts'
import { placeBuilder } from './image/run-builder.ts'
import { createImageStore } from './image/store.ts'
import type { Logger } from './log.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createAttachments } from './network/attachments.ts'
import { createBridges } from './network/bridges.ts'
import { createNetworkHelper } from './network/helper.ts'
import { createNetworks } from './network/lifecycle.ts'
import { openHostLinks } from './network/links.ts'
import { replayNetworks } from './network/replay.ts'
import { watchTaps } from './network/tap-watch.ts'
import { openNetworkTable } from './network/table.ts'
import { tellDecisions } from './network/tell-decisions.ts'
import { vmsOnNetwork } from './network/users.ts'
import { probeAccelerator } from './qemu/accelerator.ts'
import { createGuestAgent } from './qemu/agent.ts'
import { newestMachine, QEMU_PROGRAM } from './qemu/machine.ts'
import { connectQmp } from './qemu/qmp.ts'
import type { Connection } from './rpc/connection.ts'
import { createDispatcher } from './rpc/dispatch.ts'
import { findGroup } from './rpc/group.ts'
import { loadPeerInspector } from './rpc/peer.ts'
import { startRpcServer } from './rpc/server.ts'
import { createSubscriptions } from './rpc/subscriptions.ts'
import { openManagers } from './service/choose.ts'
import { createEmbeddedManager } from './service/embedded.ts'
import { lockFolder } from './state/lock.ts'
import { createObserver } from './stats/look.ts'
import { createSampler } from './stats/sampler.ts'
import { createConsoles } from './vm/console.ts'
import type { VmDependencies } from './vm/dependencies.ts'
import { watchFiles } from './vm/file-watch.ts'
import { followStarts } from './vm/follow.ts'
import { createGuestWatch } from './vm/guest.ts'
import { createLifecycle } from './vm/lifecycle.ts'
import { createLogLimit } from './vm/log.ts'
import { createMonitor } from './vm/monitor.ts'
import { createOperator } from './vm/operate.ts'
import { createQueues } from './vm/queue.ts'
import { adoptRunning, recoverAll } from './vm/recover.ts'
import { openVmTable, type Entry } from './vm/table.ts'
import { tellChanges } from './vm/tell-changes.ts'
import { createBringUp } from './vpn/bring-up.ts'
import { watchClock } from './vpn/clock-watch.ts'
import { createVpns } from './vpn/lifecycle.ts'
import { createMembership } from './vpn/membership.ts'
import { createPortChooser } from './vpn/ports.ts'
import { openVpnTable } from './vpn/table.ts'
import { createTunnels } from './vpn/tunnel.ts'

export interface Daemon {
  /** Takes no more requests, lets what runs come to an end for a moment, and closes. VMs run on. */
  close(): Promise<void>
}

/** A stop that still waits for its guest is not waited for: the next daemon goes on with it. */
const CLOSE_GRACE_MS = 5000

/** Starts a daemon; resolves when its sockets answer. Throws UserError where something of the host is in the way. */
export async function startDaemon(config: Config, log: Logger, version: string): Promise<Daemon> {
  const { folders } = config
  await makeFolders(config)
  const unlock = lockFolder(folders.config)
  await removeDebris(folders)

  const startedAt = new Date()
  const events = createEventBus()
  const metrics = createMetrics(version, events)
  const { services, tincd } = await openManagers(config)
  const networkTable = openNetworkTable(folders.config, log)
  const vpnTable = openVpnTable(folders.config, log)
  const prefixOf = (network: string): Prefix64 | undefined => (networkTable.get(network) ?? vpnTable.get(network))?.prefix
  const table = await openVmTable(folders, services, prefixOf, events, log)
  const accelerator = remember(() => probe(config))
  const guests = createGuestWatch({ table, events, agent: (entry) => agentOf(entry) })
  const agents = new WeakMap<Entry, ReturnType<typeof createGuestAgent>>()
  const agentOf = (entry: Entry): ReturnType<typeof createGuestAgent> => {
    const agent = agents.get(entry) ?? createGuestAgent(entry.paths.agent)
    agents.set(entry, agent)
    return agent
  }
  const inspector = await loadPeerInspector()
  const monitor = createMonitor({
    table,
    services,
    events,
    log,
    connectQmp: (path, { timeoutMs }) => connectQmp(path, { timeoutMs, log, ...(inspector && { inspector }) }),
    onAgent: guests.watch,
  })
  const helper = tellDecisions(createNetworkHelper(config.helperSocket), events, (vm) => table.get(vm as VmId)?.record.name)
  const links = openHostLinks()
  const bridges = createBridges(helper, links, log)
  const leaving = new Set<string>()
  const attachments = createAttachments({ helper, table: networkTable, vpns: vpnTable, bridges, links, leaving, log })
  const queues = createQueues<Entry>()
  const networkQueues = createQueues<string>()
  const sweeping = { helper, networks: networkTable, vpns: vpnTable, networkQueues, vms: table, vmQueues: queues, log }
  const usersOf = (name: string): VmId[] => vmsOnNetwork(table, name)
  const tunnels = createTunnels(folders, tincd)
  const bringUp = createBringUp({ vpns: vpnTable, bridges, links, tunnels })
  const vpns = createVpns({ ...sweeping, bridges, links, tunnels, bringUp, ports: createPortChooser(), events, usersOf })
  const membership = createMembership({ table: vpnTable, vpns, bringUp, tunnels, networkQueues, events, log })
  const vms: VmDependencies = {
    config,
    table,
    images: createImageStore(folders.images),
    services,
    monitor,
    events,
    log,
    qemu: QEMU_PROGRAM,
    accelerator: accelerator.get,
    machine: remember(() => newestMachine(QEMU_PROGRAM)).get,
    agent: agentOf,
    attachments,
    vpns,
  }
  const networks = createNetworks({ ...sweeping, bridges, links, events, usersOf, leaving })
  const operator = createOperator(vms, queues, metrics.meter)
  const lifecycle = createLifecycle(vms, queues, operator)
  const disks = createDisks(vms, operator, lifecycle)
  const consoles = createConsoles()
  const copies = createCopies(vms)
  const logLimit = createLogLimit(table, () => vpnTable.records().map(({ name }) => tunnels.logOf(name)), log)
  const watches = [watchFiles(folders.disks, (name) => name.replace(/\.qcow2$/, ''), table, log)]
  if (services.units) watches.push(watchFiles(services.units.folder, services.units.ownerOf, table, log))
  await adoptRunning(vms)
  // That VMs have run on meanwhile is nothing that has happened: events are remembered from here on.
  const subscriptions = createSubscriptions(events)
  const changes = tellChanges(table, events)

  const recovery = recoverAll(vms, lifecycle, (entry) => replay.attached(entry)).catch((error: unknown) => {
    log.error({ err: error }, 'recovery was cut short')
  })
  const follow = followStarts(vms, queues)
  const firstBoots = watchFirstBoots({ table, events, log })
  // After that: what recovery is to finish is in the VMs' queues first.
  const replaying = { ...sweeping, bridges, attachments, bringUp: bringUp.all }
  const replay = replayNetworks(replaying)
  const tapWatch = watchTaps({ ...replaying, links })
  const clockWatch = watchClock({ vpns: vpnTable, tunnels })
  // What a daemon that died had made for a VM that did not come to be.
  const tidied = recovery.then(() => vpns.tidy())

  const observer = createObserver(table)
  const connections = new Set<Connection>()
  metrics.observe({ table, observer, queues, connections })
  const handlers = createHandlers({
    vms,
    observer,
    metrics,
    lifecycle,
    disks,
    consoles,
    copies,
    networks,
    vpns,
    membership,
    builder: placeBuilder(config, services.kind),
    look: createLook({ accelerator: accelerator.get, log }),
    describeSystem: () => ({
      version,
      hostname: hostname(),
      pid: process.pid,
      uid: process.getuid?.() ?? -1,
      startedAt: startedAt.toISOString(),
      serviceManager: services.kind,
      ...(accelerator.known() && { accelerator: accelerator.known() }),
      folders,
      vms: table.size,
    }),
    examine: () =>
      examine({
        config,
        accelerator: accelerator.get,
        helper,
        links,
        records: () => recordsOf(table, networkTable, vpnTable),
        services,
        vms: () => checkVms(table),
        tunnels: () => checkVpns(vpns),
        log,
      }),
    discover: () => describeApi(methods, version),
  })
  const [control, observe] = await Promise.all([config.controlGroup, config.observeGroup].map(groupId))
  const server = await startRpcServer({
    directory: folders.sockets,
    groups: { ...(control !== undefined && { control }), ...(observe !== undefined && { observe }) },
    dispatcher: createDispatcher({ handlers, log }),
    subscriptions,
    sampler: createSampler(observer),
    connections,
    log,
  })
  log.info({ version, pid: process.pid, sockets: folders.sockets, vms: table.size }, 'ready')

  return {
    async close() {
      replay.close()
      tapWatch.close()
      clockWatch.close()
      await server.close()
      follow.close()
      firstBoots.close()
      changes.close()
      const grace = AbortSignal.timeout(CLOSE_GRACE_MS)
      await Promise.race([
        Promise.all([queues.idle(), networkQueues.idle(), tidied, replay.ended]),
        new Promise((resolve) => {
          grace.addEventListener('abort', resolve)
        }),
      ])
      logLimit.close()
      for (const watch of watches) watch.close()
      guests.close()
      consoles.close()
      copies.close()
      monitor.close()
      unlock()
      log.info('stopped; VMs run on')
    },
  }
}

/** For `aetherscaled --doctor`: what the host offers, where no daemon is there to say more. */
export async function examineHost(config: Config): Promise<Check[]> {
  return await examine({
    config,
    accelerator: () => probe(config),
    helper: createNetworkHelper(config.helperSocket),
    links: openHostLinks(),
    records: () => readRecords(config.folders.config),
    // A systemd that does not answer is one of the findings.
    services: (await openManagers(config).catch(() => undefined))?.services ?? createEmbeddedManager(),
  })
}

async function probe({ accel, folders }: Config): Promise<Accelerator> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const cacheFile = join(folders.config, 'accelerator.json')
  return await probeAccelerator({ mode: accel, qemu: QEMU_PROGRAM, cacheFile, bootId })
}

/** Asks once, and again only if it failed. */
function remember<T>(ask: () => Promise<T>): { get: () => Promise<T>; known: () => T | undefined } {
  let asked: Promise<T> | undefined
  let answer: T | undefined
  return {
    known: () => answer,
    async get() {
      asked ??= ask()
      try {
        answer = await asked
        return answer
      } catch (error) {
        asked = undefined
        throw error
      }
    },
  }
}

async function groupId(name: string | undefined): Promise<number | undefined> {
  if (name === undefined) return undefined
  const group = await findGroup(name)
  if (group) return group.gid
  throw new UserError('HOST_IO', `There is no group "${name}" on this host`, { hint: `Make it: sudo groupadd --system ${name}` })
}
