/**
 * Builds the tiny image: Debian's kernel for virtual machines, busybox and the QEMU guest agent on a disk of some 60 MB.
 * Any user can: nothing is mounted, no device is made, nobody is root for a moment.
 *
 * Host programs: apt-get, apt-cache, dpkg-deb, mke2fs and debugfs (in every Debian), qemu-img (qemu-utils). syslinux and
 * mtools are downloaded as the guest's packages are, and run without being installed.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { writeDisk, type Part } from '../builder/disk.ts'
import { fetchPackages, unpackPackages, type PackageIndex } from '../builder/packages.ts'
import { SECTOR } from '../builder/partition.ts'
import { requirePrograms } from '../builder/program.ts'
import type { BuildOptions, Recipe } from '../builder/recipe.ts'
import { foldersIn } from '../builder/work-folder.ts'
import { bootPartitionSectors, makeBootPartition } from './boot-partition.ts'
import { choosePackages } from './choose-packages.ts'
import { makeFilesystem } from './filesystem.ts'
import { composeInitramfs, composeRoot } from './guest.ts'
import { openKernel } from './kernel.ts'
import { packNewc } from './newc.ts'

/** Without which there is no use in downloading packages. */
const PROGRAMS = ['apt-get', 'apt-cache', 'dpkg-deb', 'mke2fs', 'debugfs']

/** Every time in the image, so that the same packages yield the same image. Seconds since 1970. */
const TIME = 1_700_000_000
/** The disk's signature and the FAT's serial number. */
const SIGNATURE = 0xae7e5ca1
/** Where the first partition begins: a mebibyte in, as partitioners do. */
const FIRST_SECTOR = 2048
const ROOT_BYTES = 50_331_648

/** `release` is that of the host: after its upgrade, its packages are another set. */
export function tinyRecipe(release: string): Recipe {
  const index = { name: `packages-${release}`, choose: choosePackages }
  return {
    kind: 'tiny',
    name: 'tiny',
    index,
    checkHost: () => {
      requirePrograms(PROGRAMS)
      return Promise.resolve()
    },
    buildDisk: (options) => buildTinyDisk(options, index),
  }
}

/** The raw disk's path. */
async function buildTinyDisk(
  { workFolder, ...options }: BuildOptions & { readonly workFolder: string },
  index: PackageIndex,
): Promise<string> {
  const { onProgress, signal } = options
  const folder = foldersIn(workFolder)
  const store = await fetchPackages({ ...options, index, workFolder: await folder('apt') })

  onProgress('unpacking', 0.5)
  const unpack = async (use: string): Promise<string> => await unpackPackages(store, use, await folder(use), signal)
  const [kernelFolder, unpacked, tools] = [await unpack('kernel'), await unpack('guest'), await unpack('boot-loader')]
  const sources = { kernel: await openKernel(kernelFolder), unpacked, signal }

  onProgress('making the boot partition', 0.6)
  const initramfs = gzipSync(packNewc(await composeInitramfs(sources), TIME), { level: 9 })
  const boot: Part = {
    file: join(workFolder, 'boot-partition'),
    type: 0x0e,
    isBootable: true,
    start: FIRST_SECTOR,
    sectors: bootPartitionSectors(sources.kernel.image.length + initramfs.length),
  }
  const common = { time: TIME, signal }
  await makeBootPartition({ ...common, ...boot, kernel: sources.kernel.image, initramfs, tools, workFolder: await folder('boot') })

  onProgress('making the root file system', 0.75)
  const root: Part = {
    file: join(workFolder, 'root-partition'),
    type: 0x83,
    isBootable: false,
    start: boot.start + boot.sectors,
    sectors: ROOT_BYTES / SECTOR,
  }
  await makeFilesystem(await composeRoot(sources), { ...common, file: root.file, bytes: ROOT_BYTES, workFolder: await folder('root') })

  const disk = join(workFolder, 'disk')
  await writeDisk(disk, await readFile(join(tools, 'usr/lib/syslinux/mbr/mbr.bin')), SIGNATURE, [boot, root])
  return disk
}
