/** Which packages of Debian the image is made of, and for what. */
import type { Apt } from '../builder/apt.ts'

/** What is installed by name; the rest follows. None is of one release alone. */
export const INCLUDED = [
  // Otherwise apt takes "usrmerge", which does once more what is done, and brings all of Perl.
  'usr-is-merged',
  ...['systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'systemd-resolved', 'libnss-myhostname'],
  ...['linux-image-cloud-amd64', 'initramfs-tools', 'lz4', 'kmod'],
  // growpart(1) is in cloud-guest-utils and calls sfdisk(8).
  ...['cloud-init', 'cloud-guest-utils', 'fdisk', 'e2fsprogs', 'mount', 'qemu-guest-agent'],
  ...['openssh-server', 'sudo', 'passwd', 'login', 'procps', 'iproute2', 'netbase', 'ca-certificates', 'tzdata', 'apt'],
]

/** Runs while the image is built, from the packages and without being installed; what else it needs is the guest's. */
const BOOT_LOADER = ['grub-pc-bin', 'grub-common']

export async function choosePackages(apt: Apt): Promise<Record<'guest' | 'boot-loader', string[]>> {
  const guest = await apt.installation(INCLUDED)
  const isInGuest = new Set(guest)
  const withBootLoader = await apt.installation([...INCLUDED, ...BOOT_LOADER])
  return { guest, 'boot-loader': withBootLoader.filter((name) => !isInGuest.has(name)) }
}
