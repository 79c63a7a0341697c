/** Records that lie in files, one each, known by name: in memory and on disk. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod'
import { UserError, type ErrorName } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import { syncFolder, writeJson } from './file.ts'

export interface RecordTable<R extends { readonly name: string }> {
  /** All of them, by name. */
  records(): R[]
  get(name: string): R | undefined
  /** Throws the kind's error for one that there is not, or whose record is there and cannot be read. */
  find(name: string, field: string): R
  /** Those whose record could not be read, with the reason. */
  readonly broken: ReadonlyMap<string, string>
  /** Writes the record and then takes it as the truth. */
  save(record: R): Promise<void>
  remove(name: string): Promise<void>
}

/** What tells the records of one kind from those of another. */
export interface RecordKind<R> {
  /** `network`, for messages. */
  readonly what: string
  readonly schema: z.ZodType<R>
  /** Where they lie, below the configuration folder. */
  readonly folder: string
  /** The name that an entry of the folder is for; `undefined` for another file. */
  readonly nameOf: (entry: string) => string | undefined
  /** The entry of the folder that holds all of a record, and the file with the record itself: that entry, or one in it. */
  readonly entryOf: (name: string) => string
  readonly fileOf: (name: string) => string
  readonly errors: { readonly notFound: ErrorName; readonly broken: ErrorName }
  /** What to do about one that there is not. */
  readonly hint: (name: string) => string
}

/** A record that cannot be read is logged and kept as it is. */
export function openRecordTable<R extends { readonly name: string }>(configFolder: string, kind: RecordKind<R>, log: Logger): RecordTable<R> {
  const folder = join(configFolder, kind.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (name: string): string => join(folder, kind.fileOf(name))
  const records = new Map<string, R>()
  const broken = new Map<string, string>()
  for (const entry of readdirSync(folder)) {
    const name = kind.nameOf(entry)
    if (name === undefined) continue
    try {
      records.set(name, readRecord(kind, pathOf(name), name))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      broken.set(name, reason)
      log.error({ [kind.what]: name, reason }, `the record of a ${kind.what} cannot be read; it is left as it is`)
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
        throw new UserError(kind.errors.broken, `The record of ${kind.what} "${name}" cannot be read: ${reason}`, {
          field,
          hint: `Mend ${pathOf(name)} and start the daemon again`,
        })
      }
      throw new UserError(kind.errors.notFound, `There is no ${kind.what} "${name}"`, { field, hint: kind.hint(name) })
    },
    async save(record) {
      await writeJson(pathOf(record.name), record)
      records.set(record.name, record)
    },
    async remove(name) {
      await rm(join(folder, kind.entryOf(name)), { recursive: true, force: true })
      await syncFolder(folder)
      records.delete(name)
    },
  }
}

function readRecord<R extends { readonly name: string }>({ schema }: RecordKind<R>, path: string, name: string): R {
  const result = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`)
  }
  if (result.data.name !== name) throw new Error(`its name is "${result.data.name}" and its file's "${name}"`)
  return result.data
}
