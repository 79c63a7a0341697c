/** Brings a disk file of the host into the image folder, as one qcow2 that stands alone. */
import { constants, type Stats } from 'node:fs'
import { link, open, readdir, realpath, rm } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { requireSpace } from '../disk/space.ts'
import { checkImage, convertToQcow2, inspectImage, type ImageFacts } from '../qemu/disk.ts'
import { syncFolder } from '../state/file.ts'
import { tryLock } from '../state/lock.ts'
import type { ImageStore, StoredImage } from './store.ts'

export interface ImportRequest {
  readonly path: string
  readonly name: ImageName | undefined
  readonly report: (message: string, fraction?: number) => void
}

/** Above this a disk is not one that anybody has; qcow2 itself can claim exbibytes. */
const MAX_VIRTUAL_BYTES = 64 * 2 ** 40

/** Files under way are hidden and end so; no image has such a name. Who makes one holds its lock. */
export const IMPORTING = '.importing'

/**
 * Checks and copies the file; the image appears under its name when it is whole. Throws IMAGE_SOURCE_UNREADABLE,
 * IMAGE_INVALID, IMAGE_UNSAFE, IMAGE_NAME_TAKEN, IMAGE_FOLDER_MISSING, NO_SPACE.
 */
export async function importImage(store: ImageStore, request: ImportRequest): Promise<StoredImage> {
  const name = request.name ?? nameOf(request.path)
  await refuseTaken(store, name)
  const format = await readFormat(request.path)
  request.report('checking the file')
  const backing = await inspectSource(store, request.path, format)
  if (format === 'qcow2') await checkImage(request.path)
  const target = join(store.folder, `.${name}${IMPORTING}`)
  const release = claim(target, name)
  try {
    await convertToQcow2({
      source: request.path,
      format,
      target,
      // Said, so that a header that was exchanged since it was inspected is not believed.
      backing,
      onProgress: (fraction) => {
        request.report('copying', fraction)
      },
    })
    await publish(target, store.pathOf(name), name)
  } finally {
    await rm(target, { force: true })
    release()
  }
  return await store.require(name)
}

/** Removes what imports have left whose daemon was killed; one that goes on, in whichever daemon, is let go on. */
export async function removeAbandonedImports(folder: string): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    if (!file.startsWith('.') || !file.endsWith(IMPORTING)) continue
    const path = join(folder, file)
    const release = tryLock(path)
    if (!release) continue
    await rm(path, { force: true })
    release()
  }
}

function nameOf(path: string): ImageName {
  const result = ImageName.safeParse(basename(path, extname(path)))
  if (result.success) return result.data
  throw new UserError('INVALID_PARAMS', `"${basename(path)}" gives no name for an image`, {
    field: 'name',
    hint: 'Give a name of letters, digits, ".", "_" and "-"',
  })
}

async function refuseTaken(store: ImageStore, name: ImageName): Promise<void> {
  const found = await store.find(name).catch((error: unknown) => {
    if (error instanceof UserError && error.data.name === 'IMAGE_NOT_FOUND') return undefined
    throw error
  })
  if (found) throw nameTaken(name)
}

function nameTaken(name: string): UserError {
  return new UserError('IMAGE_NAME_TAKEN', `There is an image "${name}" already, or one on its way`, {
    field: 'name',
    hint: 'Choose another name, or delete that image',
  })
}

/**
 * By the file's own first bytes, never by qemu-img's guess: a raw disk's content is its guest's to choose, and a guess
 * would let it name files of the host.
 */
async function readFormat(path: string): Promise<'qcow2' | 'raw'> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw unreadable(path, (cause as NodeJS.ErrnoException).code ?? String(cause), cause)
  })
  try {
    const stats: Stats = await file.stat()
    if (!stats.isFile()) throw unreadable(path, 'it is not a regular file')
    const head = Buffer.alloc(8)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    if (head.subarray(0, 4).equals(Buffer.from('QFI\xfb', 'latin1'))) return 'qcow2'
    const other = foreignFormat(head)
    if (other) {
      throw new UserError('IMAGE_INVALID', `${path} is ${other}, not qcow2 or raw`, {
        field: 'path',
        hint: `Convert it first: qemu-img convert -O qcow2 ${basename(path)} NAME.qcow2`,
      })
    }
    if (bytesRead === 0 || stats.size % 512 !== 0) {
      throw new UserError('IMAGE_INVALID', `${path} is no disk: ${stats.size} bytes are not whole sectors of 512`, {
        field: 'path',
      })
    }
    return 'raw'
  } finally {
    await file.close()
  }
}

/** Files that people have lying around and that would pass for a raw disk. */
function foreignFormat(head: Buffer): string | undefined {
  const magics: readonly [string, string][] = [
    ['KDMV', 'a VMDK disk'],
    ['vhdxfile', 'a VHDX disk'],
    ['conectix', 'a VHD disk'],
    ['<<< ', 'a VDI disk'],
    ['\x1f\x8b', 'compressed by gzip'],
    ['\xfd7zXZ', 'compressed by xz'],
    ['\x28\xb5\x2f\xfd', 'compressed by zstd'],
    ['BZh', 'compressed by bzip2'],
    ['PK\x03\x04', 'a zip archive'],
  ]
  return magics.find(([magic]) => head.subarray(0, magic.length).equals(Buffer.from(magic, 'latin1')))?.[1]
}

function unreadable(path: string, why: string, cause?: unknown): UserError {
  return new UserError('IMAGE_SOURCE_UNREADABLE', `${path} cannot be read: ${why}`, {
    field: 'path',
    hint: 'The daemon reads the file as its own user; see that it may, and that the path is whole',
    cause,
  })
}

/** Answers the image of ours that the file stands on, if it does. */
async function inspectSource(store: ImageStore, path: string, format: 'qcow2' | 'raw'): Promise<string | null> {
  const facts = await inspectImage(path, format)
  const backing = await findBacking(store, path, facts)
  if (facts.virtualSizeBytes > MAX_VIRTUAL_BYTES) {
    throw new UserError('IMAGE_INVALID', `${path} claims a disk of ${facts.virtualSizeBytes} bytes; 64 TiB is the most`, {
      field: 'path',
    })
  }
  await requireSpace(store.folder, facts.actualSizeBytes, `The copy of ${path}`)
  return backing
}

async function findBacking(store: ImageStore, path: string, facts: ImageFacts): Promise<string | null> {
  if (facts.encrypted) throw new UserError('IMAGE_INVALID', `${path} is encrypted`, { field: 'path' })
  if (facts.dataFile !== undefined) throw unsafe(path, 'an external data file', facts.dataFile)
  const { backingFile } = facts
  if (backingFile === undefined) return null
  const at = await realpath(resolve(dirname(path), backingFile)).catch(() => undefined)
  const folder = await realpath(store.folder)
  const isOurs = at !== undefined && dirname(at) === folder && at.endsWith('.qcow2') && !/^[a-z0-9+.-]+:/i.test(backingFile)
  if (!isOurs) throw unsafe(path, 'a backing file', backingFile)
  const name = ImageName.parse(basename(at, '.qcow2'))
  // One level: an image of ours stands alone, which `require` has made sure of.
  return (await store.require(name)).path
}

function unsafe(path: string, what: string, other: string): UserError {
  return new UserError('IMAGE_UNSAFE', `${path} names ${what} outside the image folder: ${other}`, {
    field: 'path',
    hint: 'Make one file of it where you trust both: qemu-img convert -O qcow2 IN OUT',
  })
}

/** Takes the name for as long as the copy lasts; of two imports of one name the second is told. */
function claim(target: string, name: string): () => void {
  const release = tryLock(target)
  if (!release) throw nameTaken(name)
  return release
}

/** link(2) fails where the name has been taken meanwhile; rename(2) would overwrite. */
async function publish(target: string, path: string, name: string): Promise<void> {
  const file = await open(target, 'r+')
  try {
    await file.chmod(0o644)
    await file.sync()
  } finally {
    await file.close()
  }
  await link(target, path).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? nameTaken(name) : error
  })
  await syncFolder(dirname(path))
}
