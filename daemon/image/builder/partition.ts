/** PURE: the master boot record: boot code, disk signature and the table of four partitions (UEFI 2.10, section 5.2.1). */

export const SECTOR = 512

export interface Partition {
  /** 0x0e: FAT16 by LBA; 0x83: Linux. */
  readonly type: 0x0e | 0x83
  readonly isBootable: boolean
  /** In sectors of 512 bytes. */
  readonly start: number
  readonly sectors: number
}

const BOOT_CODE_LIMIT = 440
const SIGNATURE_AT = 440
const TABLE_AT = 446
const ENTRY_SIZE = 16
/** Cylinder 1023, head 254, sector 63: "beyond what CHS can say; use LBA". */
const NO_CHS = Uint8Array.of(0xfe, 0xff, 0xff)

/** The disk's first sector. `bootCode` is at most 440 bytes, and there are at most four partitions. */
export function makeBootRecord(bootCode: Uint8Array, signature: number, partitions: readonly Partition[]): Uint8Array {
  if (bootCode.length > BOOT_CODE_LIMIT) throw new Error(`the boot code has ${bootCode.length} bytes, and ${BOOT_CODE_LIMIT} fit`)
  if (partitions.length > 4) throw new Error('a master boot record holds four partitions')
  const record = Buffer.alloc(SECTOR)
  record.set(bootCode)
  record.writeUInt32LE(signature, SIGNATURE_AT)
  for (const [index, { type, isBootable, start, sectors }] of partitions.entries()) {
    const at = TABLE_AT + index * ENTRY_SIZE
    record.writeUInt8(isBootable ? 0x80 : 0, at)
    record.set(NO_CHS, at + 1)
    record.writeUInt8(type, at + 4)
    record.set(NO_CHS, at + 5)
    record.writeUInt32LE(start, at + 8)
    record.writeUInt32LE(sectors, at + 12)
  }
  record.writeUInt16LE(0xaa55, SECTOR - 2)
  return record
}
