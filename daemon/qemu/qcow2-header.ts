/** Reads the header of a qcow2 (docs/interop/qcow2.txt of QEMU) without starting a program. */
import { open } from 'node:fs/promises'
import { UserError } from '../../policy/errors.ts'

export interface Qcow2Header {
  readonly virtualSizeBytes: number
  readonly snapshotCount: number
  /** Whether the content is in another file, which the header names. */
  readonly hasDataFile: boolean
}

const MAGIC = 0x514649fb
/** As far as the fields that are read; version 2, without features, ends before them. */
const LENGTH = 80
const DATA_FILE_BIT = 4n

/** Throws IMAGE_INVALID, and the file system's error. */
export async function readQcow2Header(path: string): Promise<Qcow2Header> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LENGTH), 0, LENGTH, 0)
    const header = bytesRead === LENGTH ? parseQcow2Header(buffer) : undefined
    if (header) return header
  } finally {
    await file.close()
  }
  throw new UserError('IMAGE_INVALID', `${path} is no qcow2 disk`)
}

/** PURE: `undefined` where it is not one that QEMU of today makes or reads. */
export function parseQcow2Header(bytes: Buffer): Qcow2Header | undefined {
  const version = bytes.readUInt32BE(4)
  if (bytes.readUInt32BE(0) !== MAGIC || (version !== 2 && version !== 3)) return undefined
  return {
    virtualSizeBytes: Number(bytes.readBigUInt64BE(24)),
    snapshotCount: bytes.readUInt32BE(60),
    hasDataFile: version === 3 && (bytes.readBigUInt64BE(72) & DATA_FILE_BIT) !== 0n,
  }
}
