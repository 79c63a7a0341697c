/** Taps as QEMU opens them: ioctl(2) on /dev/net/tun, which Node has no call for. */
import { openSync } from 'node:fs'
import koffi from 'koffi'

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
/** struct ifreq of netdevice(7): the name in 16 bytes, what is asked behind it. */
const IFREQ_BYTES = 40

const libc = koffi.load(null)
/** Both answer 0 where the kernel does it. */
export const ioctlPointer = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as (fd: number, request: number, argument: Buffer) => number
export const ioctlNumber = libc.func('int ioctl(int fd, unsigned long request, unsigned long argument)') as (fd: number, request: number, argument: number) => number

export function openTun(): number {
  return openSync('/dev/net/tun', 'r+')
}

export function makeIfreq(name: string): Buffer {
  const bytes = Buffer.alloc(IFREQ_BYTES)
  bytes.write(name, 'latin1')
  return bytes
}

/** Makes the tap's frames come and go by `tun`. Throws if the kernel refuses it to this user. */
export function attachTap(tun: number, name: string): void {
  const ifreq = makeIfreq(name)
  ifreq.writeUInt16LE(IFF_TAP | IFF_NO_PI, 16)
  if (ioctlPointer(tun, TUNSETIFF, ifreq) !== 0) throw new Error(`${name} could not be opened`)
}
