/**
 * The image folder: base images as `NAME.qcow2`, and what is known of them as `NAME.json`. The folder is the truth, whoever puts files there; what qemu-img says of
 * a file is remembered only as long as the file stays as it was.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageFirstBoot, ImageSource } from '../../policy/api/image.ts'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { inspectImage, type ImageFacts } from '../qemu/disk.ts'
import { readRecord } from './record.ts'

export interface StoredImage {
  readonly name: ImageName
  readonly path: string
  readonly fileBytes: number
  readonly modifiedAt: Date
  /** What the guest sees, rounded up to whole MiB; 0 with a problem. */
  readonly virtualSizeMiB: number
  readonly firstBoot: ImageFirstBoot
  readonly source: ImageSource | undefined
  /** Why no VM can stand on it. */
  readonly problem: UserError | undefined
}

export interface ImageStore {
  readonly folder: string
  pathOf(name: ImageName): string
  /** All images by name. Throws IMAGE_FOLDER_MISSING. */
  list(): Promise<StoredImage[]>
  /** The image, if a VM can stand on it. Throws IMAGE_NOT_FOUND, IMAGE_FOLDER_MISSING, IMAGE_INVALID, IMAGE_UNSAFE, IMAGE_RECORD_BROKEN. */
  require(name: ImageName): Promise<StoredImage>
  /** Whether there is one, whatever its state. Throws IMAGE_FOLDER_MISSING. */
  has(name: ImageName): Promise<boolean>
  /** The image whatever its state. Throws IMAGE_NOT_FOUND, IMAGE_FOLDER_MISSING. */
  find(name: ImageName): Promise<StoredImage>
}

const ENDING = '.qcow2'
const MIB = 1_048_576

/** Most images that are made for clouds have cloud-init. */
const ASSUMED: ImageFirstBoot = { way: 'nocloud', toldBy: 'assumed' }

export function createImageStore(folder: string): ImageStore {
  const known = new Map<string, { readonly version: string; readonly facts: Promise<ImageFacts | UserError> }>()
  const pathOf = (name: ImageName): string => join(folder, name + ENDING)

  const factsOf = (path: string, version: string): Promise<ImageFacts | UserError> => {
    const remembered = known.get(path)
    if (remembered?.version === version) return remembered.facts
    const facts = inspectImage(path, 'qcow2').catch((error: unknown) => {
      // Only what the file itself is to blame for may be remembered.
      if (error instanceof UserError && error.data.name === 'IMAGE_INVALID') return error
      known.delete(path)
      throw error
    })
    known.set(path, { version, facts })
    return facts
  }

  const find = async (name: ImageName): Promise<StoredImage> => {
    const path = pathOf(name)
    const file = await stat(path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await requireFolder(folder)
      known.delete(path)
      throw new UserError('IMAGE_NOT_FOUND', `There is no base image "${name}"`, {
        field: 'image',
        hint: 'image.list shows those that there are; image.import adds one',
      })
    })
    const facts = file.isFile()
      ? await factsOf(path, `${file.ino}:${file.mtimeMs}:${file.size}`)
      : new UserError('IMAGE_INVALID', `Image "${name}" is not a regular file`, { field: 'image' })
    const record = await readRecord(folder, name).catch(onlyUserError)
    const unusable = facts instanceof UserError ? facts : explainUnsafe(name, facts)
    const problem = unusable ?? (record instanceof UserError ? record : undefined)
    const told = record instanceof UserError ? undefined : record
    return {
      name,
      path,
      fileBytes: file.size,
      modifiedAt: file.mtime,
      virtualSizeMiB: facts instanceof UserError ? 0 : Math.ceil(facts.virtualSizeBytes / MIB),
      firstBoot: told?.firstBoot ?? ASSUMED,
      source: told?.source,
      problem,
    }
  }

  return {
    folder,
    pathOf,
    find,
    has: async (name) => (await find(name).catch(skipVanished)) !== undefined,
    async require(name) {
      const image = await find(name)
      if (image.problem) throw image.problem
      return image
    },
    async list() {
      await requireFolder(folder)
      const names = (await readdir(folder))
        .filter((file) => file.endsWith(ENDING))
        .map((file) => ImageName.safeParse(file.slice(0, -ENDING.length)))
        .flatMap((result) => (result.success ? [result.data] : []))
        .sort()
      const images = await Promise.all(names.map((name) => find(name).catch(skipVanished)))
      return images.filter((image) => image !== undefined)
    },
  }
}

function skipVanished(error: unknown): undefined {
  if (error instanceof UserError && error.data.name === 'IMAGE_NOT_FOUND') return undefined
  throw error
}

function onlyUserError(error: unknown): UserError {
  if (error instanceof UserError) return error
  throw error
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new UserError('IMAGE_FOLDER_MISSING', `The image folder ${folder} is not there`, {
    hint: `Make it (mkdir -p ${folder}), or mount what holds it`,
  })
}

/** A base image stands alone: QEMU opens whatever else a qcow2 names, with the rights of the daemon. */
function explainUnsafe(name: ImageName, facts: ImageFacts): UserError | undefined {
  const other = facts.dataFile ?? facts.backingFile
  if (other === undefined) return undefined
  return new UserError('IMAGE_UNSAFE', `Image "${name}" refers to another file: ${other}`, {
    field: 'image',
    hint: 'Take it out of the image folder and bring it in by image.import, which makes one file of it',
  })
}
