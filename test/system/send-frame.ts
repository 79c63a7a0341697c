/** `node send-frame.ts TAP HEX`: what a guest on this tap would send. Opens the tap as QEMU does, and sends the frame a few times. */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { attachTap, openTun } from '../helper/tap-device.ts'

const [name = '', hex = ''] = process.argv.slice(2)
const tun = openTun()
attachTap(tun, name)
// The bridge forwards from a port once it has seen its carrier come up.
for (let times = 0; times < 5; times++) {
  await delay(200)
  writeSync(tun, Buffer.from(hex, 'hex'))
}
