/**
 * Builds the tiny image: Debian's kernel for virtual machines, busybox and the QEMU guest agent on a disk of some 60 MB.
 * Any user can: nothing is mounted, no device is made, nobody is root for a moment.
 *
 * Host programs: apt-get, apt-cache, dpkg-deb, mke2fs and debugfs (in every Debian), qemu-img (qemu-utils). syslinux and
 * mtools are downloaded as the guest's packages are, and run without being installed.
 */
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { UserError } from '../../../policy/errors.ts'
import { bootPartitionSectors, makeBootPartition } from './boot-partition.ts'
import { writeDisk, type Part } from './disk.ts'
import { makeFilesystem } from './filesystem.ts'
import { composeInitramfs, composeRoot } from './guest.ts'
import { openKernel } from './kernel.ts'
import { packNewc } from './newc.ts'
import { fetchPackages, type Package, type PackageStore } from './packages.ts'
import { SECTOR } from './partition.ts'
import { run } from './program.ts'

export interface BuildOptions {
  /** The qcow2 to make; one that is there is replaced when the new one is whole. */
  readonly output: string
  /** Keeps the packages, 35 MB; the build works in there as well, with 400 MB for a while. Made if it is not there. */
  readonly cacheFolder: string
  readonly onProgress: (message: string) => void
  readonly signal: AbortSignal
}

/** Every time in the image, so that the same packages yield the same image. Seconds since 1970. */
const TIME = 1_700_000_000
/** The disk's signature and the FAT's serial number. */
const SIGNATURE = 0xae7e5ca1
/** Where the first partition begins: a mebibyte in, as partitioners do. */
const FIRST_SECTOR = 2048
const ROOT_BYTES = 50_331_648
/** A build takes seconds; a work folder as old as this is a killed one's. */
const ABANDONED_AFTER_MS = 86_400_000

/**
 * Builds the image. A failed or aborted build leaves neither `output` nor a work folder; the packages stay in the cache.
 * Throws UserError PROGRAM_MISSING, NO_SPACE, HOST_IO; the signal's reason when it is aborted.
 */
export async function buildTinyImage(options: BuildOptions): Promise<void> {
  const output = resolve(options.output)
  const cacheFolder = resolve(options.cacheFolder)
  let workFolder: string | undefined
  const partial = `${output}.${process.pid}.partial`
  try {
    await mkdir(cacheFolder, { recursive: true })
    await removeAbandoned(cacheFolder)
    workFolder = await mkdtemp(join(cacheFolder, 'build-'))
    const disk = await buildDisk(workFolder, { ...options, cacheFolder })
    options.onProgress('writing the qcow2')
    await mkdir(dirname(output), { recursive: true })
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk, partial], { signal: options.signal })
    await sync(partial)
    await rename(partial, output)
  } catch (error) {
    throw explain(error)
  } finally {
    await rm(partial, { force: true })
    if (workFolder !== undefined) await rm(workFolder, { recursive: true, force: true })
  }
}

/** The raw disk's path. */
async function buildDisk(workFolder: string, { cacheFolder, onProgress, signal }: BuildOptions): Promise<string> {
  const folder = async (name: string): Promise<string> => {
    const path = join(workFolder, name)
    await mkdir(path)
    return path
  }
  const store = await fetchPackages({ cacheFolder, workFolder: await folder('apt'), onProgress, signal })

  onProgress('unpacking')
  const unpack = async (use: Package['use']): Promise<string> => unpackPackages(store, use, await folder(use), signal)
  const [kernelFolder, unpacked, tools] = [await unpack('kernel'), await unpack('guest'), await unpack('boot-loader')]
  const sources = { kernel: await openKernel(kernelFolder), unpacked, signal }

  onProgress('making the boot partition')
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

  onProgress('making the root file system')
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

async function unpackPackages(store: PackageStore, use: Package['use'], folder: string, signal: AbortSignal): Promise<string> {
  for (const { file } of store.packages.filter((one) => one.use === use)) {
    await run('dpkg-deb', ['-x', join(store.folder, file), folder], { signal })
  }
  return folder
}

async function removeAbandoned(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    if (!name.startsWith('build-')) continue
    const path = join(cacheFolder, name)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What Node's own file operations throw has an errno; what has none is a bug or already explained. */
function explain(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (error instanceof UserError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  const message = `The tiny image cannot be built: ${(error as Error).message}`
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new UserError('NO_SPACE', message, { hint: 'The build needs 400 MB in the cache folder', cause: error })
    : new UserError('HOST_IO', message, { cause: error })
}
