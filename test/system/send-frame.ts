/** `node send-frame.ts TAP HEX`: what a guest on this tap would send. Opens the tap as QEMU does, and sends the frame a few times. */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import koffi from 'koffi'

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
/** struct ifreq of netdevice(7): the name in 16 bytes, the flags behind it. */
const IFREQ_BYTES = 40

const [name = '', hex = ''] = process.argv.slice(2)
const tun = openSync('/dev/net/tun', 'r+')
const ifreq = Buffer.alloc(IFREQ_BYTES)
ifreq.write(name, 'latin1')
ifreq.writeUInt16LE(IFF_TAP | IFF_NO_PI, 16)
const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *argument)')
if (ioctl(tun, TUNSETIFF, ifreq) !== 0) throw new Error(`${name} could not be opened`)
// The bridge forwards from a port once it has seen its carrier come up.
for (let times = 0; times < 5; times++) {
  await delay(200)
  writeSync(tun, Buffer.from(hex, 'hex'))
}
