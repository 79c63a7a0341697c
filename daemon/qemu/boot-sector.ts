/** PURE: the smallest guest there is, whose end proves that an accelerator runs guests. */

/** The I/O port of QEMU's isa-debug-exit device, as {@link bootSector} and {@link debugExit} have it. */
const PORT = 0xf4
const VALUE = 0x2a

/** QEMU's exit status when the guest has written VALUE: `(value << 1) | 1`, see hw/misc/debugexit.c. */
export const BOOTED_STATUS = (VALUE << 1) | 1
export const debugExit = `isa-debug-exit,iobase=0x${PORT.toString(16)},iosize=0x1`

/** SeaBIOS reads no smaller virtio disk; one of 512 bytes ends in "could not read the boot disk". */
const DISK_BYTES = 1_048_576

/**
 * A disk whose first sector a BIOS loads to 0:7c00 and runs, in real mode. 16-bit code: it writes one byte to the port,
 * which ends QEMU, and halts for ever where that did not happen.
 */
export function bootSector(): Uint8Array {
  const disk = new Uint8Array(DISK_BYTES)
  disk.set([
    ...[0xba, PORT, 0x00], // mov dx, PORT
    ...[0xb0, VALUE], //      mov al, VALUE
    0xee, //                  out dx, al
    0xf4, //                  hlt
    ...[0xeb, 0xfd], //       jmp to the hlt
  ])
  disk.set([0x55, 0xaa], 510) // what makes it a boot sector
  return disk
}
