/** The private networks that there should be. */
import { NetworkName } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import { openRecordTable, type RecordKind, type RecordTable } from '../state/record-table.ts'
import { NetworkRecord } from './record.ts'

export type NetworkTable = RecordTable<NetworkRecord>

/** `network/NAME.json` below the configuration folder. */
export const networkKind: RecordKind<NetworkRecord> = {
  what: 'network',
  schema: NetworkRecord,
  folder: 'network',
  nameOf: (entry) => NetworkName.safeParse(/^(.*)\.json$/.exec(entry)?.[1]).data,
  entryOf: (name) => `${name}.json`,
  fileOf: (name) => `${name}.json`,
  errors: { notFound: 'NETWORK_NOT_FOUND', broken: 'NETWORK_RECORD_BROKEN' },
  hint: (name) => `network.list shows those that there are; to make it: aetherscale network create ${name}`,
}

export function openNetworkTable(configFolder: string, log: Logger): NetworkTable {
  return openRecordTable(configFolder, networkKind, log)
}
