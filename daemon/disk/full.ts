/**
 * A guest whose disk could not be written because its file system was full. QEMU holds such a guest until it is let go on, and
 * makes the write then (`werror=enospc`, its default): the guest sees neither an error nor a loss.
 */
import type { HeldByDisk } from '../vm/live.ts'
import type { Entry, VmTable } from '../vm/table.ts'
import { inMiB, measureRoom } from './space.ts'

/** Looks how much room there is by now for a guest that is held; nothing for any other. */
export async function lookForRoom(table: Pick<VmTable, 'changed'>, entry: Entry): Promise<void> {
  const held = entry.live?.heldByDisk
  if (!held) return
  const room = await measureRoom(entry.paths.disk)
  if (room.freeBytes === held.room?.freeBytes) return
  held.room = room
  table.changed(entry)
}

/** PURE: the problem of a VM that is held, for people. */
export function explainHeld({ record, paths }: Pick<Entry, 'record' | 'paths'>, { isFull, room }: HeldByDisk): string {
  const onceMended = `aetherscale vm resume ${record.name ?? record.id}`
  if (!isFull) return `Its disk ${paths.disk} could not be written, and QEMU holds the guest; see the kernel's log, mend it, then ${onceMended}`
  const where = room ? `the file system at ${room.mountPoint}` : 'its file system'
  const left = room ? `, which has ${inMiB(room.freeBytes)} left` : ''
  return `Its disk ${paths.disk} found no room on ${where}${left}, and QEMU holds the guest, which has lost nothing; make room there, then ${onceMended}`
}
