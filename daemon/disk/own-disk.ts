/** The disk of a VM, by whatever has it: the QEMU that runs, or nobody. To be called in the VM's queue, but for reading. */
import { existsSync } from 'node:fs'
import { UserError } from '../../policy/errors.ts'
import { readDisk } from '../qemu/block.ts'
import { inspectImage } from '../qemu/disk.ts'
import type { Overlay } from '../qemu/overlay.ts'
import { readQcow2Header, type Qcow2Header } from '../qemu/qcow2-header.ts'
import type { DiskSnapshot } from '../qemu/snapshots.ts'
import { askQemu } from '../vm/ask-qemu.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Entry } from '../vm/table.ts'

export interface DiskState {
  readonly virtualSizeBytes: number
  readonly snapshots: readonly DiskSnapshot[]
}

/** Throws VM_DISK_MISSING. */
export function requireDisk({ record, paths }: Entry): void {
  if (existsSync(paths.disk)) return
  throw new UserError('VM_DISK_MISSING', `The disk of VM ${record.name ?? record.id} is not at ${paths.disk}`, {
    hint: 'Put it back there, or delete the VM',
  })
}

/** What qemu-img is to work on. Throws VM_DISK_MISSING, VM_DISK_UNSAFE, and what {@link ImageStore.require} throws. */
export async function openOverlay(deps: Pick<VmDependencies, 'images'>, entry: Entry): Promise<Overlay> {
  requireDisk(entry)
  const { path: image } = await deps.images.require(entry.record.image)
  await readSafeHeader(entry.paths.disk)
  return { path: entry.paths.disk, image }
}

/**
 * The header of a disk whose guest may have written it; refused if QEMU would open another file because of it. Throws
 * VM_DISK_UNSAFE, IMAGE_INVALID, and the file system's error.
 */
export async function readSafeHeader(path: string): Promise<Qcow2Header> {
  const header = await readQcow2Header(path)
  if (!header.hasDataFile) return header
  throw new UserError('VM_DISK_UNSAFE', `The disk ${path} names a data file, which no disk of a VM is made with`, {
    hint: 'Its guest may have broken out. Delete the VM, or look into the disk without the daemon',
  })
}

/** As the disk itself tells. Throws VM_QEMU_FAILED, VM_DISK_MISSING, VM_DISK_UNSAFE, IMAGE_INVALID, HOST_IO. */
export async function readOwnDisk(deps: Pick<VmDependencies, 'monitor'>, entry: Entry): Promise<DiskState> {
  if (entry.live) return await askQemu(deps, entry, readDisk)
  requireDisk(entry)
  await readSafeHeader(entry.paths.disk)
  return await inspectImage(entry.paths.disk, 'qcow2')
}

/** Throws SNAPSHOT_NOT_FOUND, and what {@link readOwnDisk} throws. */
export async function requireSnapshot(deps: Pick<VmDependencies, 'monitor'>, entry: Entry, name: string, field: string): Promise<void> {
  const { snapshots } = await readOwnDisk(deps, entry)
  if (snapshots.some((each) => each.name === name)) return
  const called = entry.record.name ?? entry.id
  throw new UserError('SNAPSHOT_NOT_FOUND', `VM ${called} has no snapshot "${name}"`, {
    field,
    hint: `Those that there are: aetherscale vm snapshot list ${called}`,
  })
}
