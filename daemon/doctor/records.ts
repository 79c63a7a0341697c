/** The VMs and networks that there should be, for a look at the host: as the daemon knows them, or as they lie on the disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as z from 'zod'
import { VmId } from '../../policy/names.ts'
import { tapsOf } from '../network/requests.ts'
import { networkKind, type NetworkTable } from '../network/table.ts'
import { readOrNothing } from '../service/process.ts'
import { VmRecord } from '../vm/record.ts'
import type { VmTable } from '../vm/table.ts'
import { vpnKind, type VpnTable } from '../vpn/table.ts'
import type { NetworkNeeds } from './network.ts'

/** What has a bridge of ours. */
export interface Bridged {
  readonly prefix?: string | undefined
}

export interface Records {
  readonly vms: ReadonlyMap<string, VmRecord>
  /** Private networks, and VPNs: either has a bridge. */
  readonly networks: ReadonlyMap<string, Bridged>
  /** Of these, the VPNs, also those whose record cannot be read. */
  readonly vpns: ReadonlySet<string>
  /** Those that cannot be read, with the reason. */
  readonly brokenVms: ReadonlyMap<string, string>
  readonly brokenNetworks: ReadonlyMap<string, string>
}

export function recordsOf(vms: VmTable, networks: NetworkTable, vpns: VpnTable): Records {
  return {
    vms: new Map(Array.from(vms.entries(), ({ id, record }) => [id, record])),
    networks: new Map([...networks.records(), ...vpns.records()].map((record) => [record.name, record] as const)),
    brokenVms: new Map(Array.from(vms.broken, ([id, { reason }]) => [id, reason])),
    brokenNetworks: new Map([...networks.broken, ...vpns.broken]),
    vpns: new Set([...vpns.records().map(({ name }) => name), ...vpns.broken.keys()]),
  }
}

/** Changes nothing, so that it may run beside a daemon. */
export function readRecords(configFolder: string): Records {
  const [vms, networks] = [new Map<string, VmRecord>(), new Map<string, Bridged>()]
  const [brokenVms, brokenNetworks] = [new Map<string, string>(), new Map<string, string>()]
  for (const id of listFolder(join(configFolder, 'vm'))) {
    const path = join(configFolder, 'vm', id, 'vm.json')
    if (VmId.safeParse(id).success && existsSync(path)) sort(VmRecord, id, path, vms, brokenVms)
  }
  const vpns = new Set<string>()
  for (const kind of [networkKind, vpnKind]) {
    for (const entry of listFolder(join(configFolder, kind.folder))) {
      const name = kind.nameOf(entry)
      if (name === undefined) continue
      if (kind === vpnKind) vpns.add(name)
      sort<Bridged>(kind.schema, name, join(configFolder, kind.folder, kind.fileOf(name)), networks, brokenNetworks)
    }
  }
  return { vms, networks, vpns, brokenVms, brokenNetworks }
}

function sort<R>(schema: z.ZodType<R>, key: string, path: string, whole: Map<string, R>, broken: Map<string, string>): void {
  try {
    whole.set(key, schema.parse(JSON.parse(readFileSync(path, 'utf8'))))
  } catch (error) {
    broken.set(key, `${path}: ${error instanceof SyntaxError ? error.message : 'it does not fit'}`)
  }
}

/** What is in a folder; nothing where it is not there. */
export function listFolder(folder: string): string[] {
  return readOrNothing(() => readdirSync(folder)) ?? []
}

export function needsOf({ vms, networks, brokenNetworks }: Records): NetworkNeeds {
  return {
    networks: networks.size,
    broken: brokenNetworks,
    vms: Array.from(vms, ([id, record]) => ({
      id,
      bridges: record.networks.flatMap((network) => (network.kind === 'bridge' ? [network.bridge] : [])),
      hasTaps: tapsOf(record).length > 0,
    })),
  }
}
