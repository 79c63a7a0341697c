/** What guestfish is asked about a disk, and what its answers mean. Pure. */
import type { FirstBootWay } from '../../../policy/api/first-boot.ts'

/** guestfish prints this when it has listed the file systems. */
export const LISTED = '--listed--'
const ASKED = '--asked--'

/** More than any system has; each costs a mount. */
const MOST_FILE_SYSTEMS = 16

/**
 * Names of logical volumes and subvolumes are the disk's to choose, and guestfish's commands are lines in which `!` and `|`
 * run programs of the host: what is not plainly a device is not asked about.
 */
const DEVICE = /^(?:btrfsvol:)?\/dev\/[A-Za-z0-9_][A-Za-z0-9_./+-]*$/

/** Below the root, or below /usr where that has a file system of its own. */
const underUsr = (path: string): string[] => [`/usr/${path}`, `/${path}`]
const readers = [
  ...['bin/cloud-init', 'local/bin/cloud-init', 'bin/tiny-cloud', 'sbin/tiny-cloud', 'lib/tiny-cloud'].flatMap(underUsr),
  '/etc/aetherscale-firstboot',
]
const systemd = ['lib/systemd/systemd'].flatMap(underUsr)

export const opening = ['run', 'list-filesystems', `echo ${LISTED}`].map((line) => `${line}\n`).join('')

/** The commands that look into each file system of `listing`, which is what guestfish has printed. A `-` lets one fail. */
export function askAll(listing: string): string {
  const mountable = Array.from(listing.matchAll(/^(\S+): (\S+)$/gm), ([, device = '', type = '']) => ({ device, type })).filter(
    ({ device, type }) => DEVICE.test(device) && !/^(swap|unknown|crypto_LUKS)$/.test(type),
  )
  const lines = mountable.slice(0, MOST_FILE_SYSTEMS).flatMap(({ device }) => [
    '-umount-all',
    `-mount-ro ${device} /`,
    ...[...readers, ...systemd].flatMap((path) => [`echo "${ASKED} ${path}"`, `-exists ${path}`]),
  ])
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * The way of the system on the disk: what reads a script beside the disk goes before what can have one written into it;
 * `undefined` for a disk with neither.
 */
export function readAnswers(output: string): FirstBootWay | undefined {
  const found = new Set(Array.from(output.matchAll(new RegExp(`^${ASKED} (\\S+)\\ntrue$`, 'gm')), ([, path]) => path))
  if (readers.some((path) => found.has(path))) return 'nocloud'
  return systemd.some((path) => found.has(path)) ? 'libguestfs' : undefined
}
