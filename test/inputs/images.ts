/** Images as the daemon tells them. */
import type { Image } from '../../policy/api/image.ts'
import { SOME_TIME } from './vms.ts'

export function makeImage(name: string, more: object = {}): Image {
  return {
    name,
    virtualSizeMiB: 3072,
    fileBytes: 420 * 2 ** 20,
    modifiedAt: new Date(SOME_TIME).toISOString(),
    usedBy: [],
    firstBoot: { way: 'nocloud', toldBy: 'looked' },
    ...more,
  } as unknown as Image
}
