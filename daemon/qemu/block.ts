/** The disk of a QEMU that runs, asked for over QMP. A guest that has broken out answers what it likes: all is bounded. */
import * as z from 'zod'
import { DISK_DEVICE } from './argv.ts'
import type { Qmp } from './qmp.ts'
import { readSnapshots, type DiskSnapshot } from './snapshots.ts'

export interface DiskOfQemu {
  readonly virtualSizeBytes: number
  readonly snapshots: readonly DiskSnapshot[]
  /** Whether QEMU holds the guest because a write found no room. */
  readonly isFull: boolean
}

const Blocks = z.array(
  z.object({
    qdev: z.string().default(''),
    'io-status': z.string().optional(),
    inserted: z.object({ image: z.object({ 'virtual-size': z.int().nonnegative(), snapshots: z.unknown().optional() }) }).optional(),
  }),
)

/** Throws what {@link Qmp.execute} throws. */
export async function readDisk(qmp: Pick<Qmp, 'execute'>): Promise<DiskOfQemu> {
  const blocks = Blocks.parse(await qmp.execute('query-block'))
  const disk = blocks.find(({ qdev }) => qdev.split('/').includes(DISK_DEVICE))
  const image = disk?.inserted?.image
  if (!image) throw new Error(`QEMU has no device "${DISK_DEVICE}"`)
  return { virtualSizeBytes: image['virtual-size'], snapshots: readSnapshots(image.snapshots), isFull: disk['io-status'] === 'nospace' }
}
