/** Puts boot record and partitions together into a raw disk, and makes a qcow2 of it. */
import { open, type FileHandle } from 'node:fs/promises'
import { makeBootRecord, SECTOR, type Partition } from './partition.ts'

/** A partition's place, and the file with its content. */
export interface Part extends Partition {
  readonly file: string
}

const CHUNK_BYTES = 1_048_576

/** Writes a raw disk with these partitions; what is zero stays a hole. */
export async function writeDisk(path: string, bootCode: Uint8Array, signature: number, parts: readonly Part[]): Promise<void> {
  const disk = await open(path, 'wx')
  try {
    await disk.truncate(Math.max(...parts.map(({ start, sectors }) => start + sectors)) * SECTOR)
    await disk.write(makeBootRecord(bootCode, signature, parts), 0, SECTOR, 0)
    for (const { file, start } of parts) await copySparse(file, disk, start * SECTOR)
  } finally {
    await disk.close()
  }
}

async function copySparse(file: string, disk: FileHandle, offset: number): Promise<void> {
  const source = await open(file)
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let at = 0; ; ) {
      const { bytesRead } = await source.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) return
      const filled = chunk.subarray(0, bytesRead)
      if (filled.some((byte) => byte !== 0)) await disk.write(filled, 0, bytesRead, offset + at)
      at += bytesRead
    }
  } finally {
    await source.close()
  }
}
