/**
 * The VMs that this daemon knows: their records on disk, and what is seen of them now. The one owner of both; whoever
 * changes something says so by `changed`, and events follow from the difference in the derived state.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { VmId, type Prefix64 } from '../../policy/names.ts'
import type { Vm, VmState } from '../../policy/api/vm.ts'
import type { Folders } from '../config.ts'
import type { EventBus } from '../events.ts'
import { readProgress, type Progress } from '../firstboot/progress.ts'
import type { Logger } from '../log.ts'
import type { ServiceFile, ServiceManager, ServiceRef } from '../service/manager.ts'
import { syncFolder, writeJson } from '../state/file.ts'
import type { Live } from './live.ts'
import { vmPaths, type VmPaths } from './paths.ts'
import { VmRecord } from './record.ts'
import { deriveState, type Operation } from './state.ts'
import { viewVm } from './view.ts'

export interface Entry {
  readonly id: VmId
  readonly paths: VmPaths
  /** How its QEMU is found on the host. */
  readonly service: ServiceRef
  record: VmRecord
  live: Live | undefined
  operation: Operation | undefined
  /** Whether the disk was there when it was last looked for. */
  hasDisk: boolean
  /** What the host keeps of its service, as it was when it was last looked at. */
  file: ServiceFile | undefined
  /** What the guest has told of its first boot. */
  init: Progress | undefined
  /** Derived from all of the above when it last changed. */
  state: VmState
}

/** What is known of a VM whose record does not fit. */
export interface BrokenRecord {
  readonly reason: string
  /** The image that it stands on, as far as the record still tells. */
  readonly image: string | undefined
  /** The private networks that it has an interface on, as far as the record still tells. */
  readonly networks: readonly string[] | undefined
  /** The id of the request that it was made by, as far as the record still tells. */
  readonly requestId: string | undefined
}

export interface VmTable {
  /** All VMs, the oldest first. */
  entries(): Iterable<Entry>
  readonly size: number
  /** By id or name, which the caller gave as `field`. Throws VM_NOT_FOUND, or VM_RECORD_BROKEN where the record is there and cannot be read. */
  find(ref: string, field?: string): Entry
  get(id: VmId): Entry | undefined
  /** The VM that a request with this id has made or begun to make, unless it is being deleted. Throws VM_RECORD_BROKEN. */
  findRequest(id: string): Entry | undefined
  /** Whether an id or a name is in use; ids and names share one namespace. */
  isTaken(ref: string): boolean
  /** VMs whose vm.json could not be read. */
  readonly broken: ReadonlyMap<VmId, BrokenRecord>
  /** Makes a VM known, writes its record and says that it is there. Throws VM_NAME_TAKEN. */
  add(record: VmRecord): Promise<Entry>
  /** Writes the record and then takes it as the truth. */
  save(entry: Entry, record: VmRecord): Promise<void>
  /** Forgets a VM and removes its configuration folder. */
  remove(entry: Entry): Promise<void>
  /** Says that something about the VM is different; tells listeners and, where the state differs, subscribers. */
  changed(entry: Entry): void
  /** Calls `listener` with each VM that changed or was removed; the answer ends that. */
  onChange(listener: (entry: Entry) => void): () => void
  /** Looks whether the disk is there, and how the file of its service is. */
  look(entry: Entry): void
  view(entry: Entry): Vm
  /** The view as JSON, made once for each change. */
  viewText(entry: Entry): string
}

/** Reads every record below `folders.config`. A record that cannot be read is logged, kept as it is, and listed in `broken`. */
export async function openVmTable(
  folders: Folders,
  services: Pick<ServiceManager, 'file'>,
  prefixOf: (network: string) => Prefix64 | undefined,
  events: EventBus,
  log: Logger,
): Promise<VmTable> {
  const root = join(folders.config, 'vm')
  await mkdir(root, { recursive: true, mode: 0o700 })
  const entries = new Map<VmId, Entry>()
  const names = new Map<string, Entry>()
  const requests = new Map<string, Entry>()
  const broken = new Map<VmId, BrokenRecord>()
  const listeners = new Set<(entry: Entry) => void>()

  const texts = new WeakMap<Entry, string>()

  const derive = ({ record, operation, live, hasDisk }: Entry): VmState =>
    deriveState({
      phase: record.phase,
      operation,
      process: live ? (live.paused ? 'paused' : 'running') : 'none',
      hasDisk,
    })

  const know = (record: VmRecord): Entry => {
    const id = record.id
    const paths = vmPaths(folders, id)
    const service = { id, pidFile: paths.pidFile }
    const hasDisk = existsSync(paths.disk)
    const file = services.file(service)
    const init = record.firstBoot?.isTold ? readProgress(paths) : undefined
    const entry: Entry = { id, paths, service, record, live: undefined, operation: undefined, hasDisk, file, init, state: 'creating' }
    entry.state = derive(entry)
    entries.set(id, entry)
    if (record.name) names.set(record.name, entry)
    if (record.request && record.phase !== 'deleting') requests.set(record.request.id, entry)
    return entry
  }

  const unreadable = (id: string, { reason }: BrokenRecord, field: string): UserError =>
    new UserError('VM_RECORD_BROKEN', `The record of VM "${id}" cannot be read: ${reason}`, {
      field,
      hint: `Mend ${join(root, id, 'vm.json')} and start the daemon again`,
    })

  const isTaken = (ref: string): boolean => names.has(ref) || entries.has(ref as VmId) || broken.has(ref as VmId)

  const records = readRecords(root, (id, found) => {
    broken.set(id, found)
    log.error({ vm: id, reason: found.reason }, 'vm.json cannot be read; the VM is left as it is')
  })
  for (const record of records) {
    if (record.name && isTaken(record.name)) log.error({ vm: record.id, name: record.name }, 'two VMs have this name')
    know(record)
  }

  const table: VmTable = {
    entries: () => entries.values(),
    get size() {
      return entries.size
    },
    broken,
    get: (id) => entries.get(id),
    isTaken,
    findRequest(requestId) {
      const entry = requests.get(requestId)
      if (entry) return entry.record.phase === 'deleting' ? undefined : entry
      for (const [id, unread] of broken) if (unread.requestId === requestId) throw unreadable(id, unread, 'requestId')
      return undefined
    },
    find(ref, field = 'vm') {
      const entry = entries.get(ref as VmId) ?? names.get(ref)
      if (entry) return entry
      const unread = broken.get(ref as VmId)
      if (unread) throw unreadable(ref, unread, field)
      throw new UserError('VM_NOT_FOUND', `There is no VM with the id or name "${ref}"`, {
        field,
        hint: 'vm.list shows those that there are',
      })
    },
    async add(record) {
      if (record.name && isTaken(record.name)) {
        throw new UserError('VM_NAME_TAKEN', `A VM with the name or id "${record.name}" is there already`, {
          field: 'name',
          hint: 'Choose another name, or delete that VM',
        })
      }
      const entry = know(record)
      try {
        await mkdir(entry.paths.configFolder, { recursive: true, mode: 0o700 })
        await writeJson(entry.paths.record, record)
      } catch (error) {
        await table.remove(entry)
        throw error
      }
      table.changed(entry)
      return entry
    },
    async save(entry, record) {
      await writeJson(entry.paths.record, record)
      entry.record = record
      table.changed(entry)
    },
    async remove(entry) {
      await rm(entry.paths.configFolder, { recursive: true, force: true })
      await syncFolder(root)
      entries.delete(entry.id)
      const { name, request } = entry.record
      if (name) names.delete(name)
      // Another VM may have been made by it since this one began to be deleted.
      if (request && requests.get(request.id) === entry) requests.delete(request.id)
      for (const listener of listeners) listener(entry)
    },
    changed(entry) {
      texts.delete(entry)
      const from = entry.state
      const to = derive(entry)
      entry.state = to
      if (from !== to) events.emit({ kind: 'vm.state', vm: entry.id, name: entry.record.name, from, to })
      for (const listener of listeners) listener(entry)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    look(entry) {
      const hasDisk = existsSync(entry.paths.disk)
      const file = services.file(entry.service)
      if (hasDisk === entry.hasDisk && isDeepStrictEqual(file, entry.file)) return
      Object.assign(entry, { hasDisk, file })
      table.changed(entry)
    },
    view: (entry) => viewVm(entry, prefixOf),
    viewText(entry) {
      const known = texts.get(entry)
      if (known !== undefined) return known
      const text = JSON.stringify(table.view(entry))
      texts.set(entry, text)
      return text
    },
  }
  return table
}

/** Synchronous: nobody can be answered before all are read, and of thousands of small files it reads twice as many a second. */
function readRecords(root: string, onBroken: (id: VmId, found: BrokenRecord) => void): VmRecord[] {
  const ids = readdirSync(root).flatMap((name) => VmId.safeParse(name).data ?? [])
  const records: VmRecord[] = []
  for (const id of ids) {
    const path = join(root, id, 'vm.json')
    let content: unknown
    try {
      // A folder without a record is a creation that died before its first write: nothing else of the VM can exist.
      if (!existsSync(path)) rmSync(join(root, id), { recursive: true, force: true })
      else {
        content = JSON.parse(readFileSync(path, 'utf8'))
        records.push(checkRecord(id, content))
      }
    } catch (error) {
      const image = ImageOfRecord.safeParse(content).data?.image
      const networks = NetworksOfRecord.safeParse(content).data?.networks.flatMap(({ name }) => name ?? [])
      const requestId = RequestOfRecord.safeParse(content).data?.request.id
      onBroken(id, { reason: error instanceof Error ? error.message : String(error), image, networks, requestId })
    }
  }
  return records.sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0))
}

/** What counts also where the rest does not fit: neither image nor network must be deleted under the VM, nor must it be made twice. */
const ImageOfRecord = z.object({ image: z.string() })
const RequestOfRecord = z.object({ request: z.object({ id: z.string() }) })
const NetworksOfRecord = z.object({ networks: z.array(z.object({ kind: z.string(), name: z.string().optional() })) })

function checkRecord(id: string, content: unknown): VmRecord {
  const result = VmRecord.safeParse(content)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`)
  }
  if (result.data.id !== id) throw new Error(`its id is "${result.data.id}" and its folder "${id}"`)
  return result.data
}
