/** PURE: GRUB on a disk with a master boot record, as grub-bios-setup(8) puts it there. */
import { SECTOR } from '../builder/partition.ts'

/** Of the boot record; the disk's signature and its partitions follow. */
const BOOT_CODE_BYTES = 440
/** GRUB's include/grub/i386/pc/boot.h: where boot.img says at which sector core.img begins, and the drive's check to leave out. */
const KERNEL_SECTOR_AT = 0x5c
const DRIVE_CHECK_AT = 0x66
/** The last block list of core.img's own first sector: where the rest of it is (grub-core/boot/i386/pc/diskboot.S). */
const REST_SECTOR_AT = SECTOR - 12

export interface BootLoader {
  /** At most 440 bytes, for the boot record. */
  readonly bootCode: Uint8Array
  /** Lies from the second sector on. */
  readonly core: Uint8Array
}

/** Throws where the images do not look as they are known to, or core.img does not fit before the first partition. */
export function placeGrub(boot: Uint8Array, core: Uint8Array, firstPartitionSector: number): BootLoader {
  const bootCode = Buffer.from(boot.subarray(0, BOOT_CODE_BYTES))
  const image = Buffer.from(core)
  if (image.length > (firstPartitionSector - 1) * SECTOR) throw new Error(`core.img has ${image.length} bytes, too many to lie before the first partition`)
  if (bootCode.readBigUInt64LE(KERNEL_SECTOR_AT) !== 1n || image.readBigUInt64LE(REST_SECTOR_AT) !== 2n) {
    throw new Error('GRUB expects its core image somewhere else than behind the boot record')
  }
  // As grub-setup does where the disk is a hard disk: believe the BIOS, which names it.
  bootCode.set([0x90, 0x90], DRIVE_CHECK_AT)
  return { bootCode, core: image }
}
