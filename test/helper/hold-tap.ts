/**
 * `node hold-tap.ts TAP UID`: holds a tap open as QEMU does, with the rights of UID alone, and does to it what whoever
 * holds it can, a line on stdin each: `mac ADDRESS`, `owner UID`, `group GID`, `persist 0|1`. Answers `done`, at first too.
 */
import { createInterface } from 'node:readline'
import { attachTap, ioctlNumber, ioctlPointer, makeIfreq, openTun } from './tap-device.ts'

/** linux/if_tun.h, and linux/sockios.h. */
const SIOCSIFHWADDR = 0x8924
const requests: Readonly<Record<string, number>> = { persist: 0x400454cb, owner: 0x400454cc, group: 0x400454ce }
const ARPHRD_ETHER = 1

const [name = '', uid = ''] = process.argv.slice(2)
const tun = openTun()
process.setgroups?.([])
process.setgid?.(Number(uid))
process.setuid?.(Number(uid))
attachTap(tun, name)
process.stdout.write('done\n')

for await (const line of createInterface(process.stdin)) {
  const [what = '', value = ''] = line.split(' ')
  const address = makeIfreq(name)
  address.writeUInt16LE(ARPHRD_ETHER, 16)
  address.write(value.replaceAll(':', ''), 18, 'hex')
  const result =
    what === 'mac' ? ioctlPointer(tun, SIOCSIFHWADDR, address) : ioctlNumber(tun, requests[what] ?? 0, Number(value))
  if (result !== 0) throw new Error(`${line}: refused on ${name}`)
  process.stdout.write('done\n')
}
