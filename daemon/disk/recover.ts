/** What the next daemon does where one was killed in the middle of its work on a disk. */
import { repairOverlay } from '../qemu/overlay.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Operator } from '../vm/operate.ts'
import type { Pending } from '../vm/record.ts'
import type { Entry } from '../vm/table.ts'
import { thawGuest } from './freeze.ts'
import { openOverlay } from './own-disk.ts'
import { resizeVm } from './resize.ts'
import { restoreSnapshot } from './snapshots.ts'

type DiskWork = Extract<Pending, { operation: 'resize' | 'snapshot' | 'restore' }>

/**
 * Finishes it; a snapshot that was being made or deleted is there or not. A QEMU that runs finishes by itself what it was
 * asked; what qemu-img was killed at is put in order first.
 */
export async function finishDiskWork(deps: VmDependencies, operator: Operator, entry: Entry, pending: DiskWork): Promise<void> {
  await operator.operate(entry, pending.operation, async () => {
    if (entry.live) await thawGuest(deps, entry)
    else await repairOverlay(await openOverlay(deps, entry))
    if (pending.operation === 'resize') await resizeVm(deps, operator, entry, pending)
    if (pending.operation === 'restore') await restoreSnapshot(deps, operator, entry, pending.name)
  })
}
