/** What a file is, by its own first bytes. */
import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import type { DiskFormat } from '../qemu/disk.ts'

export type Packing = 'gzip' | 'xz' | 'zstd'
export type FileFormat = DiskFormat | Packing

export function isPacked(format: FileFormat): format is Packing {
  return format !== 'qcow2' && format !== 'raw'
}

/**
 * Never by qemu-img's guess: a raw disk's content is its guest's to choose, and a guess would let it name files of the
 * host. Throws UserError IMAGE_SOURCE_UNREADABLE, IMAGE_INVALID.
 */
export async function readFormat(path: string): Promise<FileFormat> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw unreadable(path, (cause as NodeJS.ErrnoException).code ?? String(cause), cause)
  })
  try {
    const stats: Stats = await file.stat()
    if (!stats.isFile()) throw unreadable(path, 'it is not a regular file')
    const head = Buffer.alloc(8)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    const format = known.find(([magic]) => startsWith(head, magic))?.[1]
    if (format !== undefined) return format
    const other = foreign.find(([magic]) => startsWith(head, magic))?.[1]
    if (other !== undefined) {
      throw new UserError('IMAGE_INVALID', `${path} is ${other}, not qcow2 or raw`, {
        field: 'path',
        hint: `Convert it first: qemu-img convert -O qcow2 ${basename(path)} NAME.qcow2`,
      })
    }
    if (bytesRead === 0 || stats.size % 512 !== 0) {
      throw new UserError('IMAGE_INVALID', `${path} is no disk: ${stats.size} bytes are not whole sectors of 512`, { field: 'path' })
    }
    return 'raw'
  } finally {
    await file.close()
  }
}

const known: readonly [string, FileFormat][] = [
  ['QFI\xfb', 'qcow2'],
  ['\x1f\x8b', 'gzip'],
  ['\xfd7zXZ\0', 'xz'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
]

/** Files that people have lying around and that would pass for a raw disk. */
const foreign: readonly [string, string][] = [
  ['KDMV', 'a VMDK disk'],
  ['vhdxfile', 'a VHDX disk'],
  ['conectix', 'a VHD disk'],
  ['<<< ', 'a VDI disk'],
  ['BZh', 'packed by bzip2'],
  ['PK\x03\x04', 'a zip archive'],
]

function startsWith(head: Buffer, magic: string): boolean {
  return head.subarray(0, magic.length).equals(Buffer.from(magic, 'latin1'))
}

function unreadable(path: string, why: string, cause?: unknown): UserError {
  return new UserError('IMAGE_SOURCE_UNREADABLE', `${path} cannot be read: ${why}`, {
    field: 'path',
    hint: 'The daemon reads the file as its own user; see that it may, and that the path is whole',
    cause,
  })
}
