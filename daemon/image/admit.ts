/** The one gate into the image folder: a disk is checked, made one qcow2 that stands alone, and given its name. */
import { link, realpath } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import type { FirstBootWay } from '../../policy/api/first-boot.ts'
import { ImageName } from '../../policy/names.ts'
import { requireSpace } from '../disk/space.ts'
import { checkImage, convertToQcow2, inspectImage, type DiskFormat, type ImageFacts } from '../qemu/disk.ts'
import { settleFile, syncFolder } from '../state/file.ts'
import { nameTaken, type Claim } from './claim.ts'
import { removeRecord, writeRecord, type ImageRecord } from './record.ts'
import type { Report } from './report.ts'
import type { ImageStore, StoredImage } from './store.ts'

/** Looks into a disk that nobody writes to for how its guests can be told what to do; `undefined` where that does not show. */
export type Look = (path: string, report: Report) => Promise<FirstBootWay | undefined>

export interface Candidate {
  readonly path: string
  readonly format: DiskFormat
  /** It lies in the image folder and nobody else can write to it, so that a sound qcow2 need not be copied. */
  readonly isOurs: boolean
}

export interface Admission {
  readonly store: ImageStore
  readonly claim: Claim
  readonly look: Look
  readonly firstBoot: FirstBootWay | 'auto'
  readonly source?: ImageRecord['source']
  /** Called when nothing more is to be written to the file. */
  readonly beforeLink?: () => Promise<void>
  readonly report: Report
}

/** Above this a disk is not one that anybody has; qcow2 itself can claim exbibytes. */
const MAX_VIRTUAL_BYTES = 64 * 2 ** 40

/** No system that boots and can be told something is smaller, and to look takes its time. */
const LEAST_SYSTEM_BYTES = 8 * 2 ** 20

/**
 * The image appears under its name when it is whole, with its record. Throws UserError IMAGE_INVALID, IMAGE_UNSAFE,
 * IMAGE_NAME_TAKEN, NO_SPACE, HOST_IO, PROGRAM_MISSING.
 */
export async function admit(candidate: Candidate, admission: Admission): Promise<StoredImage> {
  const { store, claim, report } = admission
  report('checking the file')
  const { path, format, isOurs } = candidate
  const facts = await inspectImage(path, format)
  const backing = await findBacking(store, candidate, facts)
  if (facts.virtualSizeBytes > MAX_VIRTUAL_BYTES) {
    throw new UserError('IMAGE_INVALID', `${path} claims a disk of ${facts.virtualSizeBytes} bytes; 64 TiB is the most`, { field: 'path' })
  }
  const bytes = format === 'qcow2' ? await checkImage(path, facts) : facts.actualSizeBytes
  const isWhole = isOurs && format === 'qcow2'
  if (!isWhole) {
    await requireSpace(store.folder, bytes, `The copy of ${path}`)
    // Said, so that a header that was exchanged since it was inspected is not believed.
    await convertToQcow2({ source: path, format, target: claim.target, backing, onProgress: (fraction) => report('copying', fraction) })
  }
  const disk = isWhole ? path : claim.target
  const firstBoot = await settleFirstBoot(admission, disk, facts)
  const record: ImageRecord = {
    version: 1,
    ...(firstBoot && { firstBoot }),
    ...(admission.source && { source: admission.source }),
  }
  await admission.beforeLink?.()
  await publish(store, claim.name, disk, record)
  return await store.require(claim.name)
}

async function settleFirstBoot({ firstBoot, look, report }: Admission, disk: string, facts: ImageFacts): Promise<ImageRecord['firstBoot']> {
  if (firstBoot !== 'auto') return { way: firstBoot, toldBy: 'said' }
  const way = facts.actualSizeBytes < LEAST_SYSTEM_BYTES ? undefined : await look(disk, report)
  return way && { way, toldBy: 'looked' }
}

/** Answers the image of ours that the file stands on, if it does. */
async function findBacking(store: ImageStore, { path, isOurs }: Candidate, facts: ImageFacts): Promise<string | null> {
  if (facts.encrypted) throw new UserError('IMAGE_INVALID', `${path} is encrypted`, { field: 'path' })
  if (facts.dataFile !== undefined) throw unsafe(path, 'an external data file', facts.dataFile)
  const { backingFile } = facts
  if (backingFile === undefined) return null
  const at = await realpath(resolve(dirname(path), backingFile)).catch(() => undefined)
  const folder = await realpath(store.folder)
  const isImage = at !== undefined && dirname(at) === folder && at.endsWith('.qcow2') && !/^[a-z0-9+.-]+:/i.test(backingFile)
  // What came from elsewhere cannot mean an image of ours, whatever it names.
  if (isOurs || !isImage) throw unsafe(path, 'a backing file', backingFile)
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

/**
 * The record first: one without an image means nothing, while an image without its record would be taken for another kind.
 * link(2) fails where the name has been taken meanwhile; rename(2) would overwrite.
 */
async function publish(store: ImageStore, name: ImageName, disk: string, record: ImageRecord): Promise<void> {
  await settleFile(disk, 0o644)
  const isWorthARecord = Object.keys(record).length > 1
  if (isWorthARecord) await writeRecord(store.folder, name, record)
  else await removeRecord(store.folder, name)
  try {
    await link(disk, store.pathOf(name))
  } catch (error) {
    await removeRecord(store.folder, name)
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? nameTaken(name) : error
  }
  await syncFolder(store.folder)
}
