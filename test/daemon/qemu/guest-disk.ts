/** A guest of one sector that does what firmware and hardware offer any guest: print, read keys, power off, reboot. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertToQcow2, createOverlay } from '../../../daemon/qemu/disk.ts'

/**
 * Real mode at 0:7c00. At each boot it enables ACPI's power button, then prints "B" on COM1, and waits: the button, or any
 * key on COM1, powers off (PM1a_CNT of the PIIX4, where SeaBIOS puts it); the key "r" resets (keyboard controller).
 */
const code = [
  ...[0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef], // mov dx,602h; mov ax,PWRBTN_EN; out dx,ax
  ...[0xb0, 0x42, 0xba, 0xf8, 0x03, 0xee], //       mov al,'B'; mov dx,3f8h; out dx,al
  ...[0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01], // poll: mov dx,3fdh; in al,dx; test al,1
  ...[0x75, 0x11], //                               jnz key
  ...[0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01], // mov dx,600h; in ax,dx; test ah,PWRBTN_STS
  ...[0x74, 0xef], //                               jz poll
  ...[0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef], // off: mov dx,604h; mov ax,SLP_EN; out dx,ax
  0xf4, //                                          hlt
  ...[0xba, 0xf8, 0x03, 0xec, 0x3c, 0x72], // key:  mov dx,3f8h; in al,dx; cmp al,'r'
  ...[0x75, 0xf0], //                               jne off
  ...[0xb0, 0xfe, 0xe6, 0x64, 0xf4], //             mov al,0feh; out 64h,al; hlt
]

/** Makes base image and overlay in `folder`; returns the overlay's path. */
export async function makeGuestDisk(folder: string, name = 'disk.qcow2'): Promise<string> {
  const raw = Buffer.alloc(1_048_576)
  raw.set(code)
  raw.set([0x55, 0xaa], 510)
  const source = join(folder, 'guest.raw')
  const backing = join(folder, 'base.qcow2')
  const disk = join(folder, name)
  await writeFile(source, raw)
  await convertToQcow2({ source, format: 'raw', target: backing })
  await createOverlay({ disk, backing })
  return disk
}
