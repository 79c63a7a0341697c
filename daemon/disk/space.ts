/** How much room there is on the file systems that hold disks. */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../policy/errors.ts'

export interface Room {
  /** Where the file system is mounted. */
  readonly mountPoint: string
  /** What plain users may still fill. */
  readonly freeBytes: number
}

/** Of the file system that holds `path`, which is there and absolute. Throws the file system's error. */
export async function measureRoom(path: string): Promise<Room> {
  const { bavail, bsize } = await statfs(path)
  return { mountPoint: await mountPointOf(path), freeBytes: bavail * bsize }
}

/** Throws NO_SPACE with both figures if fewer than `bytes` are free where `folder` is; `what` begins the sentence. */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { mountPoint, freeBytes } = await measureRoom(folder)
  if (freeBytes >= bytes) return
  throw new UserError('NO_SPACE', `${what} needs ${inMiB(bytes)} in ${folder}; the file system at ${mountPoint} has ${inMiB(freeBytes)} left`, {
    hint: 'Make room on that file system',
  })
}

/** For people: `12.5 MiB`. */
export function inMiB(bytes: number): string {
  return `${Number((bytes / 1_048_576).toFixed(1))} MiB`
}

/** What an overlay of this size takes at most before the guest writes: 8 bytes of its first table for each 512 MiB come on top. */
export function tableBytes(virtualMiB: number): number {
  return LEAST_BYTES + (virtualMiB / 512) * 8
}

/** An empty overlay takes 200 KiB; records and logs some more. */
const LEAST_BYTES = 1_048_576

/** The highest folder above that is still on the same device. */
async function mountPointOf(path: string): Promise<string> {
  const { dev } = await stat(path)
  let at = path
  for (let above = dirname(at); above !== at; above = dirname(at)) {
    if ((await stat(above)).dev !== dev) break
    at = above
  }
  return at
}
