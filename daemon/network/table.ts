/** The private networks that there should be: their records, in memory and on disk. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { NetworkName } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import { syncFolder, writeJson } from '../state/file.ts'
import { NetworkRecord } from './record.ts'

export interface NetworkTable {
  /** All of them, by name. */
  records(): NetworkRecord[]
  get(name: string): NetworkRecord | undefined
  /** Throws NETWORK_NOT_FOUND, or NETWORK_RECORD_BROKEN where the record is there and cannot be read. */
  find(name: string, field: string): NetworkRecord
  /** Networks whose record could not be read, with the reason. */
  readonly broken: ReadonlyMap<string, string>
  /** Writes the record and then takes it as the truth. */
  save(record: NetworkRecord): Promise<void>
  remove(name: NetworkName): Promise<void>
}

/** Reads `network/NAME.json` below the configuration folder. A record that cannot be read is logged and kept as it is. */
export function openNetworkTable(configFolder: string, log: Logger): NetworkTable {
  const folder = join(configFolder, 'network')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (name: string): string => join(folder, `${name}.json`)
  const records = new Map<string, NetworkRecord>()
  const broken = new Map<string, string>()
  for (const file of readdirSync(folder)) {
    const name = NetworkName.safeParse(/^(.*)\.json$/.exec(file)?.[1]).data
    if (name === undefined) continue
    try {
      records.set(name, readRecord(pathOf(name), name))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      broken.set(name, reason)
      log.error({ network: name, reason }, 'the record of a network cannot be read; the network is left as it is')
    }
  }

  return {
    records: () => [...records.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    get: (name) => records.get(name),
    broken,
    find(name, field) {
      const record = records.get(name)
      if (record) return record
      const reason = broken.get(name)
      if (reason !== undefined) {
        throw new UserError('NETWORK_RECORD_BROKEN', `The record of network "${name}" cannot be read: ${reason}`, {
          field,
          hint: `Mend ${pathOf(name)} and start the daemon again`,
        })
      }
      throw new UserError('NETWORK_NOT_FOUND', `There is no private network "${name}"`, {
        field,
        hint: `network.list shows those that there are; to make it: aetherscale network create ${name}`,
      })
    },
    async save(record) {
      await writeJson(pathOf(record.name), record)
      records.set(record.name, record)
    },
    async remove(name) {
      await rm(pathOf(name), { force: true })
      await syncFolder(folder)
      records.delete(name)
    },
  }
}

function readRecord(path: string, name: NetworkName): NetworkRecord {
  const result = NetworkRecord.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`)
  }
  if (result.data.name !== name) throw new Error(`its name is "${result.data.name}" and its file's "${name}"`)
  return result.data
}
