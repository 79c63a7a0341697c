/** PURE: the internal snapshots of a qcow2, as qemu-img and QMP both tell them (QEMU QMP Reference Manual, SnapshotInfo). */
import * as z from 'zod'

export interface DiskSnapshot {
  readonly name: string
  readonly createdAt: Date
}

/** qcow2 itself takes 65536 (docs/interop/qcow2.txt); nobody reads a list of more than these. */
const LIMIT = 1000
const NAME_LIMIT = 255
/** What Date can tell, in seconds. */
const LATEST = 8.64e12

const Told = z.array(z.object({ name: z.string(), 'date-sec': z.int().min(0).max(LATEST), 'date-nsec': z.int().min(0).max(999_999_999) }))

/** The oldest first; none where there is no list. Throws ZodError where it is another shape. */
export function readSnapshots(told: unknown): DiskSnapshot[] {
  return Told.parse(told ?? [])
    .slice(0, LIMIT)
    .map(({ name, 'date-sec': seconds, 'date-nsec': nanoseconds }) => ({
      name: name.slice(0, NAME_LIMIT),
      createdAt: new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6)),
    }))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
}
