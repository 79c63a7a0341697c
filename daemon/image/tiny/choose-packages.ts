/** Which packages of Debian the tiny image is made of, and for what. */
import { UserError } from '../../../policy/errors.ts'
import type { Apt } from '../builder/apt.ts'

/** Follows the newest kernel for virtual machines by depending on it. */
const KERNEL = 'linux-image-cloud-amd64'
/** In the guest; the agent with its libraries. */
const BUSYBOX = 'busybox-static'
const AGENT = 'qemu-guest-agent'
/** Programs that run on the host while the image is built, from the package and without being installed. */
const BOOT_LOADER = ['syslinux', 'syslinux-common', 'mtools']

/** Names by use. Throws UserError IMAGE_BUILD_FAILED where apt's sources do not offer them. */
export async function choosePackages(apt: Apt): Promise<Record<'kernel' | 'guest' | 'boot-loader', string[]>> {
  const kernel = (await apt.dependsOn(KERNEL)).find((name) => name.startsWith('linux-image-'))
  if (kernel === undefined) {
    throw new UserError('IMAGE_BUILD_FAILED', `The sources of apt offer no ${KERNEL}`, {
      hint: "The tiny image is made of Debian's packages: build it on Debian 12, and copy it from there",
    })
  }
  return { kernel: [kernel], guest: [BUSYBOX, ...(await apt.closure(AGENT))], 'boot-loader': BOOT_LOADER }
}
