/** The name of an image that is on its way: whose it is, and where it is made. */
import { readdir, rm } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { tryLock } from '../state/lock.ts'
import type { ImageStore } from './store.ts'

/** Files under way are hidden and end so; no image has such a name. Who makes one holds the lock of the first. */
export const IMPORTING = '.importing'
const UNPACKING = '.unpacking'

/** Holds a name for as long as its image is made; of two for one name the second is told. */
export interface Claim {
  readonly name: ImageName
  /** Where the qcow2 is made that is to be the image. */
  readonly target: string
  /** Where what is packed is unpacked to. */
  readonly unpacked: string
  /** Removes both files, and gives the name free. */
  release(): Promise<void>
}

/** Throws UserError IMAGE_NAME_TAKEN, IMAGE_FOLDER_MISSING. */
export async function claimName(store: ImageStore, name: ImageName): Promise<Claim> {
  if (await store.has(name)) throw nameTaken(name)
  const [target, unpacked] = [IMPORTING, UNPACKING].map((ending) => join(store.folder, `.${name}${ending}`)) as [string, string]
  const unlock = tryLock(target)
  if (!unlock) throw nameTaken(name)
  return {
    name,
    target,
    unpacked,
    async release() {
      await rm(unpacked, { force: true })
      await rm(target, { force: true })
      unlock()
    },
  }
}

export function nameTaken(name: string): UserError {
  return new UserError('IMAGE_NAME_TAKEN', `There is an image "${name}" already, or one on its way`, {
    field: 'name',
    hint: 'Choose another name, or delete that image',
  })
}

/** Removes what is left of images whose daemon was killed; one that goes on, in whichever daemon, is let go on. */
export async function removeAbandoned(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => [])
  const endings = [IMPORTING, UNPACKING]
  const stems = files.flatMap((file) => endings.filter((ending) => file.startsWith('.') && file.endsWith(ending)).map((ending) => file.slice(0, -ending.length)))
  for (const stem of new Set(stems)) {
    const unlock = tryLock(join(folder, stem + IMPORTING))
    if (!unlock) continue
    for (const ending of endings) await rm(join(folder, stem + ending), { force: true })
    unlock()
  }
}

/** `debian-12.qcow2.xz` names the image `debian-12`. Throws UserError INVALID_PARAMS. */
export function nameOf(file: string): ImageName {
  const disk = basename(file).replace(/\.(gz|xz|zst)$/, '')
  const result = ImageName.safeParse(basename(disk, extname(disk)))
  if (result.success) return result.data
  throw new UserError('INVALID_PARAMS', `"${basename(file)}" gives no name for an image`, {
    field: 'name',
    hint: 'Give a name of letters, digits, ".", "_" and "-"',
  })
}
