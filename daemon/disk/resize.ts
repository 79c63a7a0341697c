/** Gives a VM other sizes: the disk at once, CPUs and memory from the next start on. To be called in the VM's queue. */
import { dirname } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { DISK_NODE } from '../qemu/argv.ts'
import { growOverlay } from '../qemu/overlay.ts'
import { askQemu } from '../vm/ask-qemu.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Operator } from '../vm/operate.ts'
import { renewUnit } from '../vm/start.ts'
import type { Entry } from '../vm/table.ts'
import { openOverlay, readOwnDisk } from './own-disk.ts'
import { inMiB, requireSpace, tableBytes } from './space.ts'

/** What is not said stays. */
export interface Sizes {
  readonly diskMiB?: number | undefined
  readonly vcpus?: number | undefined
  readonly memoryMiB?: number | undefined
}

const MIB = 1_048_576
/** It waits for the writes that are under way. */
const BLOCK_RESIZE_WITHIN_MS = 60_000

/**
 * What has been begun is pending in the record until it is done, and done again it ends the same. Where the host cannot take
 * the new CPUs and memory into the VM's unit these stay as they were; a disk that has grown stays so. Throws VM_DISK_SHRINK,
 * NO_SPACE, VM_QEMU_FAILED, what {@link openOverlay} and {@link renewUnit} throw, and HOST_IO.
 */
export async function resizeVm(deps: VmDependencies, { note }: Operator, entry: Entry, { diskMiB, ...machine }: Sizes): Promise<void> {
  const isGrowing = diskMiB !== undefined && (await mustGrow(deps, entry, diskMiB))
  // If the host cannot write this down, nothing is begun.
  await deps.table.save(entry, { ...entry.record, pending: { operation: 'resize', diskMiB, ...machine } })
  if (isGrowing) {
    if (entry.live) await askQemu(deps, entry, (qmp) => qmp.execute('block_resize', { 'node-name': DISK_NODE, size: diskMiB * MIB }, { timeoutMs: BLOCK_RESIZE_WITHIN_MS }))
    else await growOverlay(await openOverlay(deps, entry), diskMiB)
  }
  if (diskMiB !== undefined) await note(entry, { diskMiB })
  const { vcpus = entry.record.vcpus, memoryMiB = entry.record.memoryMiB } = machine
  if (vcpus !== entry.record.vcpus || memoryMiB !== entry.record.memoryMiB) {
    await renewUnit(deps, entry, { ...entry.record, vcpus, memoryMiB })
  }
  await note(entry, { vcpus, memoryMiB, pending: undefined })
}

async function mustGrow(deps: VmDependencies, entry: Entry, diskMiB: number): Promise<boolean> {
  const { virtualSizeBytes } = await readOwnDisk(deps, entry)
  // The size of an image that is no whole number of MiB is told rounded up.
  if (diskMiB < Math.ceil(virtualSizeBytes / MIB)) {
    throw new UserError('VM_DISK_SHRINK', `The disk has ${inMiB(virtualSizeBytes)}; one of ${diskMiB} MiB would cut off what the guest keeps at its end`, {
      field: 'diskMiB',
      hint: 'A disk only grows. For a smaller one make a new VM and copy what is in the guest',
    })
  }
  await requireSpace(dirname(entry.paths.disk), tableBytes(diskMiB), 'A larger disk')
  return diskMiB * MIB > virtualSizeBytes
}

/** What there is to know about it after a resize. */
export function hintAfterResize({ live, file, record }: Entry, asked: Sizes): string | undefined {
  const isWaiting = live !== undefined && (live.vcpus !== record.vcpus || live.memoryMiB !== record.memoryMiB)
  const isOfMachine = asked.vcpus !== undefined || asked.memoryMiB !== undefined
  const hints = [
    ...(asked.diskMiB === undefined ? [] : ["The guest's partition and file system grow at its next boot, where it has growpart (cloud-init)"]),
    ...(isOfMachine && isWaiting ? ['CPUs and memory change with the next start'] : []),
    ...(isOfMachine && file?.state === 'edited' ? [`its unit ${file.path} was changed by hand and keeps its own CPUs and memory`] : []),
  ]
  return hints.length === 0 ? undefined : hints.join('; ')
}
