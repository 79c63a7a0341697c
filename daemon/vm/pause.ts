/** Holds a guest still, and lets it go on. To be called in the VM's queue. */
import { dirname } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { measureRoom, inMiB, requireSpace } from '../disk/space.ts'
import { askQemu, requireRunning } from './ask-qemu.ts'
import type { VmDependencies } from './dependencies.ts'
import type { Live } from './live.ts'
import type { Entry } from './table.ts'

type Needs = Pick<VmDependencies, 'monitor' | 'table'>

/** A guest that found no room wants at least as much: a cluster of its disk, and the tables that lead to it. */
const LEAST_ROOM_BYTES = 1_048_576
/** QEMU makes the writes that had failed as soon as the guest goes on, and tells at once if they fail again. */
const FAILS_WITHIN_MS = 1000

/** Answers whether there was anything to do. Throws VM_NOT_RUNNING, VM_QEMU_FAILED. */
export async function suspendGuest(deps: Needs, entry: Entry): Promise<boolean> {
  if (requireRunning(entry).paused) return false
  await askQemu(deps, entry, (qmp) => qmp.execute('stop'))
  return true
}

/**
 * Answers whether there was anything to do. Throws VM_NOT_RUNNING, VM_QEMU_FAILED, and NO_SPACE where QEMU holds the guest
 * because its disk found no room, and there still is too little.
 */
export async function resumeGuest(deps: Needs, entry: Entry): Promise<boolean> {
  const live = requireRunning(entry)
  if (!live.paused) return false
  const wasFull = live.heldByDisk?.isFull === true
  const folder = dirname(entry.paths.disk)
  if (wasFull) await requireSpace(folder, LEAST_ROOM_BYTES, `To go on, VM ${entry.record.name ?? entry.id}`)
  await askQemu(deps, entry, (qmp) => qmp.execute('cont'))
  if (!wasFull || !(await isHeldAgain(deps, entry, live))) return true
  const { mountPoint, freeBytes } = await measureRoom(folder)
  throw new UserError('NO_SPACE', `VM ${entry.record.name ?? entry.id} went on and found too little room again: ${inMiB(freeBytes)} left at ${mountPoint}`, {
    hint: 'Nothing is lost; make more room on that file system, and resume it again',
  })
}

function isHeldAgain({ table }: Needs, entry: Entry, live: Live): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      unsubscribe()
      resolve(live.heldByDisk !== undefined)
    }
    const timer = setTimeout(finish, FAILS_WITHIN_MS)
    const unsubscribe = table.onChange((changed) => {
      if (changed === entry && (live.heldByDisk || entry.live !== live)) finish()
    })
    if (live.heldByDisk || entry.live !== live) finish()
  })
}
