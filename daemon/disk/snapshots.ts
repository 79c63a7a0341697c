/** Snapshots within the disk of a VM. The disk alone knows which there are. To be called in the VM's queue, but for listing. */
import { dirname } from 'node:path'
import type { Consistency, Snapshot } from '../../policy/api/disk.ts'
import { UserError } from '../../policy/errors.ts'
import type { SnapshotName } from '../../policy/names.ts'
import { DISK_NODE } from '../qemu/argv.ts'
import { deleteOverlaySnapshot, restoreOverlay, snapshotOverlay } from '../qemu/overlay.ts'
import type { DiskSnapshot } from '../qemu/snapshots.ts'
import { askQemu, requireStopped } from '../vm/ask-qemu.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Operator } from '../vm/operate.ts'
import type { Entry } from '../vm/table.ts'
import { withFrozenGuest } from './freeze.ts'
import { openOverlay, readOwnDisk, readSafeHeader, requireSnapshot } from './own-disk.ts'
import { requireSpace, tableBytes } from './space.ts'

/** QEMU holds the guest meanwhile, and reads the tables of the whole disk. */
const WITHIN_MS = 60_000
const MIB = 1_048_576

export interface Taken extends Snapshot {
  readonly consistency: Consistency
  readonly hint?: string
}

/** Throws what {@link readOwnDisk} throws. */
export async function listSnapshots(deps: VmDependencies, entry: Entry): Promise<Snapshot[]> {
  return (await readOwnDisk(deps, entry)).snapshots.map(view)
}

/** Throws SNAPSHOT_NAME_TAKEN, NO_SPACE, VM_QEMU_FAILED, and what {@link openOverlay} throws. */
export async function takeSnapshot(deps: VmDependencies, entry: Entry, name: SnapshotName): Promise<Taken> {
  const { snapshots } = await readOwnDisk(deps, entry)
  if (snapshots.some((each) => each.name === name)) {
    throw new UserError('SNAPSHOT_NAME_TAKEN', `There is a snapshot "${name}" already`, {
      field: 'name',
      hint: 'Choose another name, or delete that snapshot',
    })
  }
  await requireSpace(dirname(entry.paths.disk), tableBytes(entry.record.diskMiB), 'A snapshot')
  await begin(deps, entry)
  const how = entry.live ? await takeWhileRunning(deps, entry, name) : await takeWhileStopped(deps, entry, name)
  const made = (await readOwnDisk(deps, entry)).snapshots.find((each) => each.name === name)
  if (!made) throw new Error(`snapshot ${name} of VM ${entry.id} was made and is not there`)
  return { ...view(made), ...how }
}

async function takeWhileStopped(deps: VmDependencies, entry: Entry, name: SnapshotName): Promise<Pick<Taken, 'consistency'>> {
  await snapshotOverlay(await openOverlay(deps, entry), name)
  return { consistency: 'clean' }
}

async function takeWhileRunning(deps: VmDependencies, entry: Entry, name: SnapshotName): Promise<Pick<Taken, 'consistency' | 'hint'>> {
  const { wasFrozen, mayStayFrozen } = await withFrozenGuest(deps, entry, () =>
    askQemu(deps, entry, (qmp) => qmp.execute('blockdev-snapshot-internal-sync', { device: DISK_NODE, name }, { timeoutMs: WITHIN_MS })),
  )
  return {
    consistency: wasFrozen ? 'filesystem' : 'crash',
    ...(mayStayFrozen && { hint: 'The guest did not answer when asked to thaw its file systems; if it hangs, restart it' }),
  }
}

/**
 * Content and size become those of the snapshot. What has been begun is pending in the record until it is done. Throws
 * VM_RUNNING, SNAPSHOT_NOT_FOUND, NO_SPACE, and what {@link openOverlay} throws.
 */
export async function restoreSnapshot(deps: VmDependencies, { note }: Operator, entry: Entry, name: SnapshotName): Promise<void> {
  requireStopped(entry)
  const overlay = await openOverlay(deps, entry)
  await requireSnapshot(deps, entry, name, 'name')
  await requireSpace(dirname(overlay.path), tableBytes(entry.record.diskMiB), 'To restore a snapshot')
  await deps.table.save(entry, { ...entry.record, pending: { operation: 'restore', name } })
  await restoreOverlay(overlay, name)
  const { virtualSizeBytes } = await readSafeHeader(overlay.path)
  await note(entry, { diskMiB: Math.ceil(virtualSizeBytes / MIB), pending: undefined })
}

/** Throws SNAPSHOT_NOT_FOUND, VM_QEMU_FAILED, and what {@link openOverlay} throws. */
export async function deleteSnapshot(deps: VmDependencies, entry: Entry, name: SnapshotName): Promise<void> {
  await requireSnapshot(deps, entry, name, 'name')
  await begin(deps, entry)
  if (!entry.live) {
    await deleteOverlaySnapshot(await openOverlay(deps, entry), name)
    return
  }
  await askQemu(deps, entry, (qmp) => qmp.execute('blockdev-snapshot-delete-internal-sync', { device: DISK_NODE, name }, { timeoutMs: WITHIN_MS }))
}

/** If the host cannot write this down, nothing is begun. */
async function begin(deps: VmDependencies, entry: Entry): Promise<void> {
  await deps.table.save(entry, { ...entry.record, pending: { operation: 'snapshot' } })
}

function view({ name, createdAt }: DiskSnapshot): Snapshot {
  return { name, createdAt: createdAt.toISOString() }
}
