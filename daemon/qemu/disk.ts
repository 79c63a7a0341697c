/** Disk files: thin over qemu-img(1). The format is always said and never probed: a raw disk's content is its guest's. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { examineByQemuImg, explainQemuImg } from './qemu-img.ts'
import { runProgram } from './program.ts'
import { readSnapshots, type DiskSnapshot } from './snapshots.ts'

export type DiskFormat = 'qcow2' | 'raw'

/** What qemu-img says of an image, which is what the file says of itself. */
export interface ImageFacts {
  readonly format: DiskFormat
  /** Size of the disk that a guest sees. */
  readonly virtualSizeBytes: number
  /** Bytes that the file takes on its file system. */
  readonly actualSizeBytes: number
  /** Of a qcow2; 0 of a raw disk. */
  readonly clusterBytes: number
  /** As written in the image: perhaps relative, perhaps no path at all (`json:`, `nbd:`). */
  readonly backingFile?: string
  readonly dataFile?: string
  /** The image is marked as damaged. */
  readonly corrupt: boolean
  readonly encrypted: boolean
  /** Internal ones, the oldest first. */
  readonly snapshots: readonly DiskSnapshot[]
}

const Info = z.object({
  /** Beyond 2^53 not to the byte; such a size is refused by whoever asks. */
  'virtual-size': z.number().nonnegative(),
  'actual-size': z.int().nonnegative().default(0),
  'cluster-size': z.number().default(0),
  'backing-filename': z.string().optional(),
  encrypted: z.boolean().default(false),
  snapshots: z.unknown().optional(),
  'format-specific': z
    .object({ data: z.object({ corrupt: z.boolean().default(false), 'data-file': z.string().optional() }) })
    .optional()
    .catch(undefined),
})

/** Writing a header takes milliseconds; a dead mount never answers. */
const CREATE_TIMEOUT_MS = 120_000

/**
 * Makes a qcow2 overlay on a qcow2 image, as large as it or `sizeMiB`. Paths are absolute. A failure leaves no file that
 * was not there before: one that is there may be the disk of a VM that runs, which qemu-img's lock has just protected. Throws UserError NO_SPACE, HOST_IO, PROGRAM_MISSING.
 */
export async function createOverlay(request: OverlayRequest): Promise<void> {
  const { disk } = request
  const isNew = !existsSync(disk)
  const result = await runProgram('qemu-img', overlayArgv(request), { timeoutMs: CREATE_TIMEOUT_MS })
  if (result.exitCode === 0) return
  if (isNew) await rm(disk, { force: true })
  throw explainQemuImg(`The disk ${disk} could not be made`, result, 'HOST_IO')
}

/** PURE: what qemu-img is told by {@link createOverlay}, without the program's name. */
export function overlayArgv({ disk, backing, sizeMiB }: OverlayRequest): string[] {
  const size = sizeMiB === undefined ? [] : [`${sizeMiB}M`]
  return ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', disk, ...size]
}

export interface OverlayRequest {
  readonly disk: string
  readonly backing: string
  readonly sizeMiB?: number
}

/**
 * Reads an image's header, bounded in memory and time; neither a backing file nor a lock is touched. Throws UserError
 * IMAGE_INVALID if the file is to blame, HOST_IO if the host is, PROGRAM_MISSING.
 */
export async function inspectImage(path: string, format: DiskFormat): Promise<ImageFacts> {
  const result = await examineByQemuImg(['info', '--output=json', '--force-share', '-f', format, path])
  if (result.exitCode !== 0) throw explainQemuImg(`${path} is no sound ${format} disk`, result, 'IMAGE_INVALID')
  const info = Info.parse(JSON.parse(result.stdout))
  if (info['virtual-size'] > Number.MAX_SAFE_INTEGER) throw new UserError('IMAGE_INVALID', `${path} claims a disk of exbibytes`, { field: 'path' })
  const specific = info['format-specific']?.data
  const backingFile = info['backing-filename']
  const dataFile = specific?.['data-file']
  return {
    format,
    virtualSizeBytes: info['virtual-size'],
    actualSizeBytes: info['actual-size'],
    clusterBytes: info['cluster-size'],
    ...(backingFile !== undefined && { backingFile }),
    ...(dataFile !== undefined && { dataFile }),
    corrupt: specific?.corrupt ?? false,
    encrypted: info.encrypted,
    snapshots: readSnapshots(info.snapshots),
  }
}

/** `qemu-img check`: 3 is clusters that are leaked, which cost space and harm nothing. */
const SOUND_STATUS: readonly (number | undefined)[] = [0, 3]

const Tables = z.object({
  'allocated-clusters': z.number().default(0),
  'compressed-clusters': z.number().default(0),
  'image-end-offset': z.number(),
})

/**
 * Checks a qcow2's tables, bounded as {@link inspectImage} is; a backing file is not opened, whatever the image names. Answers
 * the bytes that its content takes unpacked. Throws UserError IMAGE_INVALID if it is damaged, HOST_IO, PROGRAM_MISSING.
 */
export async function checkImage(path: string, { clusterBytes }: Pick<ImageFacts, 'clusterBytes'>): Promise<number> {
  const result = await examineByQemuImg(['check', '--output=json', imageNode(path, 'qcow2', null)])
  if (!SOUND_STATUS.includes(result.exitCode)) throw explainQemuImg(`${path} is damaged`, result, 'IMAGE_INVALID')
  const tables = Tables.parse(JSON.parse(result.stdout))
  const allocated = tables['allocated-clusters'] * clusterBytes
  // Sound for qemu-img: of a few KB that all of a disk is made of, a copy would have terabytes.
  if (allocated - tables['compressed-clusters'] * clusterBytes > tables['image-end-offset']) {
    throw new UserError('IMAGE_INVALID', `${path} uses the same part of itself for many parts of the disk`, { field: 'path' })
  }
  return allocated
}

export interface ConvertRequest {
  readonly source: string
  readonly format: DiskFormat
  /** Overwritten if it is there. */
  readonly target: string
  /**
   * The qcow2, itself without one, to take for the source's backing file instead of what its header names by now; `null`
   * for none. Where it is left out, the header is believed: not for a file that somebody else can still write to.
   */
  readonly backing?: string | null
  /** The internal snapshot to copy instead, which may be done while a QEMU has the disk. */
  readonly snapshot?: string | undefined
  /** The qcow2 that the target is to stand on, of whose content nothing is copied; by default the target stands alone. */
  readonly standingOn?: string
  /** Told 0 to 1, ascending. */
  readonly onProgress?: (fraction: number) => void
  readonly signal?: AbortSignal
}

/**
 * Copies a disk into one qcow2, flushed when this resolves. A failure removes the target, if it was not
 * there before. Throws UserError NO_SPACE, HOST_IO, IMAGE_INVALID (the source cannot be read through), PROGRAM_MISSING, and
 * the signal's reason.
 */
export async function convertToQcow2(request: ConvertRequest): Promise<void> {
  const { source, format, target, backing, snapshot, standingOn, onProgress, signal } = request
  signal?.throwIfAborted()
  // -t writeback: by its default, "unsafe", qemu-img convert never flushes what it has written.
  const options = [...snapshotOptions(snapshot), ...(standingOn === undefined ? [] : ['-B', standingOn, '-F', 'qcow2'])]
  const args = ['convert', '-p', '-t', 'writeback', ...options, '-O', 'qcow2', imageNode(source, format, backing), target]
  const isNew = !existsSync(target)
  const result = await runProgram('qemu-img', args, {
    signal,
    onOutput: (text) => {
      for (const [, percent] of text.matchAll(/\((\d+\.\d+)\/100%\)/g)) onProgress?.(Number(percent) / 100)
    },
  })
  if (result.exitCode === 0) return
  if (isNew) await rm(target, { force: true })
  signal?.throwIfAborted()
  const isSourceBad = /error while reading/i.test(result.stderr)
  throw explainQemuImg(`${source} could not be copied`, result, isSourceBad ? 'IMAGE_INVALID' : 'HOST_IO')
}

/** For what reads a snapshot: it stays as it is whatever the QEMU that may run writes, so its locks need not be heeded. */
export function snapshotOptions(snapshot: string | undefined): string[] {
  return snapshot === undefined ? [] : ['-U', '-l', `snapshot.name=${snapshot}`]
}

/** An image by QEMU's own description instead of a file name, in which `nbd:` or `json:` would have a meaning. */
export function imageNode(path: string, format: DiskFormat, backing: string | null | undefined): string {
  const other = typeof backing === 'string' ? { backing: { ...describe(backing, 'qcow2'), backing: null } } : { backing }
  return `json:${JSON.stringify({ ...describe(path, format), ...(format === 'qcow2' && other) })}`
}

function describe(path: string, format: DiskFormat): object {
  return { driver: format, file: { driver: 'file', filename: path } }
}
