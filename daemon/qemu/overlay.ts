/**
 * What is done to the disk of a VM that is stopped, by qemu-img. The disk's header is its guest's to write once a guest has
 * broken out, so the image that it stands on is said each time; that it names no data file, the caller has made sure.
 */
import * as z from 'zod'
import { imageNode, snapshotOptions } from './disk.ts'
import { runProgram } from './program.ts'
import { explainQemuImg } from './qemu-img.ts'

export interface Overlay {
  readonly path: string
  /** The qcow2 that it stands on, which stands alone. */
  readonly image: string
}

/** Tables of the largest disks on slow storage; without an end, a dead mount would hold up the VM's queue for ever. */
const TIMEOUT_MS = 600_000

/** Every function below throws NO_SPACE, HOST_IO and PROGRAM_MISSING. A size that it has already is none. */
export async function growOverlay(overlay: Overlay, sizeMiB: number): Promise<void> {
  await change(overlay, `The disk ${overlay.path} could not be made larger`, (node) => ['resize', '-q', node, `${sizeMiB}M`])
}

/** A second snapshot of the name would be made without a word: the caller has looked. */
export async function snapshotOverlay(overlay: Overlay, name: string): Promise<void> {
  await change(overlay, `Snapshot "${name}" could not be made`, (node) => ['snapshot', '-q', '-c', name, node])
}

/** Brings content and size of the snapshot back. Done again after a kill in the middle, it ends where it would have. */
export async function restoreOverlay(overlay: Overlay, name: string): Promise<void> {
  await change(overlay, `Snapshot "${name}" could not be restored`, (node) => ['snapshot', '-q', '-a', name, node])
}

export async function deleteOverlaySnapshot(overlay: Overlay, name: string): Promise<void> {
  await change(overlay, `Snapshot "${name}" could not be deleted`, (node) => ['snapshot', '-q', '-d', name, node])
}

/** What a qemu-img that was killed leaves: clusters of nobody, and flags that only cost time. Sound disks stay as they are. */
export async function repairOverlay({ path, image }: Overlay): Promise<void> {
  const result = await runProgram('qemu-img', ['check', '-q', '-r', 'all', imageNode(path, 'qcow2', image)], { timeoutMs: TIMEOUT_MS })
  if (result.exitCode !== 0) throw explainQemuImg(`The disk ${path} could not be repaired`, result, 'HOST_IO')
}

const Measured = z.object({ required: z.int().nonnegative() })

/** Bytes of one qcow2 with all that a guest sees of the disk, or of a snapshot of it. */
export async function measureOverlay({ path, image }: Overlay, snapshot?: string): Promise<number> {
  const args = ['measure', '--output=json', '-O', 'qcow2', ...snapshotOptions(snapshot), imageNode(path, 'qcow2', image)]
  const result = await runProgram('qemu-img', args, { timeoutMs: TIMEOUT_MS })
  if (result.exitCode !== 0) throw explainQemuImg(`The disk ${path} could not be read`, result, 'HOST_IO')
  return Measured.parse(JSON.parse(result.stdout)).required
}

async function change(overlay: Overlay, what: string, args: (node: string) => string[]): Promise<void> {
  const result = await runProgram('qemu-img', args(imageNode(overlay.path, 'qcow2', overlay.image)), { timeoutMs: TIMEOUT_MS })
  if (result.exitCode === 0) return
  // One that was cut short by its time or by a full file system has left what one that is killed leaves.
  await repairOverlay(overlay).catch(() => undefined)
  throw explainQemuImg(what, result, 'HOST_IO')
}
