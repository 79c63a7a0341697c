/** The operations on disks, each in its VM's queue and shown while it runs. */
import { UserError } from '../../policy/errors.ts'
import type { SnapshotName } from '../../policy/names.ts'
import type { Report, VmDependencies } from '../vm/dependencies.ts'
import type { Lifecycle } from '../vm/lifecycle.ts'
import { requireStopped } from '../vm/ask-qemu.ts'
import { requireKept, type Operator } from '../vm/operate.ts'
import { resumeGuest, suspendGuest } from '../vm/pause.ts'
import type { Operation } from '../vm/state.ts'
import type { Entry } from '../vm/table.ts'
import { cloneVm, type CloneRequest } from './clone.ts'
import { exportDisk, type Exported, type ExportRequest } from './export.ts'
import { requireSnapshot } from './own-disk.ts'
import { resizeVm, type Sizes } from './resize.ts'
import { deleteSnapshot, restoreSnapshot, takeSnapshot, type Taken } from './snapshots.ts'

export interface Disks {
  /** These two answer whether there was anything to do. */
  suspend(entry: Entry): Promise<boolean>
  resume(entry: Entry): Promise<boolean>
  resize(entry: Entry, sizes: Sizes): Promise<void>
  takeSnapshot(entry: Entry, name: SnapshotName): Promise<Taken>
  restoreSnapshot(entry: Entry, name: SnapshotName): Promise<void>
  /** Throws SNAPSHOT_IN_USE while it is being exported. */
  deleteSnapshot(entry: Entry, name: SnapshotName): Promise<void>
  clone(source: Entry, request: CloneRequest, report: Report): Promise<Entry>
  exportDisk(entry: Entry, request: ExportRequest, report: Report): Promise<Exported>
}

export function createDisks(deps: VmDependencies, operator: Operator, lifecycle: Pick<Lifecycle, 'make'>): Disks {
  const operate = <T>(entry: Entry, operation: Operation, work: () => Promise<T>): Promise<T> =>
    operator.operate(entry, operation, () => {
      requireKept(entry)
      return work()
    })

  /** Snapshots that are being exported, once for each export: they must not go meanwhile, and nothing else has to wait. */
  const leaving = new WeakMap<Entry, SnapshotName[]>()

  const exportSnapshot = async (entry: Entry, snapshot: SnapshotName, work: () => Promise<Exported>): Promise<Exported> => {
    const held = leaving.get(entry) ?? []
    leaving.set(entry, held)
    await operate(entry, 'export', async () => {
      await requireSnapshot(deps, entry, snapshot, 'snapshot')
      held.push(snapshot)
    })
    try {
      return await work()
    } finally {
      held.splice(held.indexOf(snapshot), 1)
    }
  }

  return {
    suspend: (entry) => operate(entry, 'suspend', () => suspendGuest(deps, entry)),
    resume: (entry) => operate(entry, 'resume', () => resumeGuest(deps, entry)),
    resize: (entry, sizes) => operate(entry, 'resize', () => resizeVm(deps, operator, entry, sizes)),
    takeSnapshot: (entry, name) => operate(entry, 'snapshot', () => takeSnapshot(deps, entry, name)),
    restoreSnapshot: (entry, name) => operate(entry, 'restore', () => restoreSnapshot(deps, operator, entry, name)),
    deleteSnapshot: (entry, name) =>
      operate(entry, 'snapshot', async () => {
        if (leaving.get(entry)?.includes(name)) {
          throw new UserError('SNAPSHOT_IN_USE', `Snapshot "${name}" is being exported`, { field: 'name', hint: 'Delete it when that is over' })
        }
        await deleteSnapshot(deps, entry, name)
      }),
    clone: (source, request, report) => cloneVm(deps, operator, lifecycle, source, request, report),
    exportDisk(entry, request, report) {
      const { snapshot } = request
      if (snapshot !== undefined) return exportSnapshot(entry, snapshot, () => exportDisk(deps, entry, request, report))
      return operate(entry, 'export', () => {
        requireStopped(entry)
        return exportDisk(deps, entry, request, report)
      })
    },
  }
}
