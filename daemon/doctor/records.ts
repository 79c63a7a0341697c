/** The VMs and networks that there should be, for a look at the host: as the daemon knows them, or as they lie on the disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as z from 'zod'
import { NetworkName, VmId } from '../../policy/names.ts'
import { NetworkRecord } from '../network/record.ts'
import { tapsOf } from '../network/requests.ts'
import type { NetworkTable } from '../network/table.ts'
import { readOrNothing } from '../service/process.ts'
import { VmRecord } from '../vm/record.ts'
import type { VmTable } from '../vm/table.ts'
import type { NetworkNeeds } from './network.ts'

export interface Records {
  readonly vms: ReadonlyMap<string, VmRecord>
  readonly networks: ReadonlyMap<string, NetworkRecord>
  /** Those that cannot be read, with the reason. */
  readonly brokenVms: ReadonlyMap<string, string>
  readonly brokenNetworks: ReadonlyMap<string, string>
}

export function recordsOf(vms: VmTable, networks: NetworkTable): Records {
  return {
    vms: new Map(Array.from(vms.entries(), ({ id, record }) => [id, record])),
    networks: new Map(networks.records().map((record) => [record.name, record])),
    brokenVms: new Map(Array.from(vms.broken, ([id, { reason }]) => [id, reason])),
    brokenNetworks: networks.broken,
  }
}

/** Changes nothing, so that it may run beside a daemon. */
export function readRecords(configFolder: string): Records {
  const [vms, networks] = [new Map<string, VmRecord>(), new Map<string, NetworkRecord>()]
  const [brokenVms, brokenNetworks] = [new Map<string, string>(), new Map<string, string>()]
  for (const id of listFolder(join(configFolder, 'vm'))) {
    const path = join(configFolder, 'vm', id, 'vm.json')
    if (VmId.safeParse(id).success && existsSync(path)) sort(VmRecord, id, path, vms, brokenVms)
  }
  for (const file of listFolder(join(configFolder, 'network'))) {
    const name = NetworkName.safeParse(/^(.*)\.json$/.exec(file)?.[1]).data
    if (name !== undefined) sort(NetworkRecord, name, join(configFolder, 'network', file), networks, brokenNetworks)
  }
  return { vms, networks, brokenVms, brokenNetworks }
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
