/**
 * Builds the Debian image: Debian with systemd, cloud-init, SSH and the QEMU guest agent, on a disk with one partition that
 * grows with the disk. mmdebstrap(1) installs the packages, in namespaces where a plain user has the ids of the guest's users;
 * nothing is mounted by a loop device, and nothing is done as root of the host.
 *
 * Host programs: apt-get, apt-cache, dpkg-deb, mke2fs, mmdebstrap, unshare and setpriv, newuidmap (uidmap) unless root builds,
 * qemu-img. GRUB is downloaded as the guest's packages are, and run from within the guest's files.
 */
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readOwnFiles } from '../builder/files.ts'
import { inNamespaces, requireNamespaces } from '../builder/namespace.ts'
import { fetchPackages, unpackPackages, type PackageIndex } from '../builder/packages.ts'
import { makeBootRecord, SECTOR, type Partition } from '../builder/partition.ts'
import { run } from '../builder/program.ts'
import type { BuildOptions, Recipe } from '../builder/recipe.ts'
import { foldersIn } from '../builder/work-folder.ts'
import { choosePackages, INCLUDED } from './choose-packages.ts'
import { placeGrub } from './grub.ts'
import { makeRepository } from './repository.ts'
import { debianSources, writeSources, type HostRelease } from './sources.ts'

/** Without which there is no use in downloading packages. */
const PROGRAMS = ['apt-get', 'dpkg-deb', 'mmdebstrap', 'mke2fs']

/** Every time that the build sets. Seconds since 1970. */
const TIME = 1_700_000_000
const SIGNATURE = 0xae7e5ca2
/** By which GRUB's configuration and fstab find it: the same in rootfs/. */
export const ROOT_UUID = 'ae7e5ca1-0000-4000-8000-000000000002'
const MIB = 1_048_576
/** Before it the boot loader lies. */
const FIRST_SECTOR = MIB / SECTOR
/** What a guest sees before its disk is made larger. */
const DISK_BYTES = 3072 * MIB
/** Said in full: what mke2fs.conf of the host says is of no account, and GRUB has to know each. */
const FEATURES =
  'none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum'

/** What nobody reads in a guest, and what a guest is told at the first boot. */
const EXCLUDED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/lintian/*', '/usr/share/bug/*']

export function debianRecipe(suite: string, host: HostRelease): Recipe {
  const index: PackageIndex = {
    name: `packages-debian-${suite}`,
    sources: (workFolder) => writeSources(workFolder, suite, host),
    choose: choosePackages,
  }
  return {
    kind: 'debian',
    name: `debian-${suite}`,
    index,
    checkHost: async () => {
      await debianSources(suite, host)
      await requireNamespaces(PROGRAMS)
    },
    buildDisk: async (options) => await buildDebianDisk(options, index, suite, await debianSources(suite, host)),
  }
}

async function buildDebianDisk(
  { workFolder, ...options }: BuildOptions & { readonly workFolder: string },
  index: PackageIndex,
  suite: string,
  sources: string,
): Promise<string> {
  const { onProgress, signal } = options
  const folder = foldersIn(workFolder)
  const store = await fetchPackages({ ...options, index, workFolder: await folder('apt') })

  onProgress('reading the packages', 0.2)
  const repository = join(workFolder, 'repository')
  await makeRepository(repository, store, suite, signal)
  const bootLoader = await unpackPackages(store, 'boot-loader', await folder('boot-loader'), signal)
  const images = await folder('boot-images')

  const files = await stageFiles('rootfs', await folder('files'), suite)
  await mkdir(join(files, 'etc/apt/sources.list.d'), { recursive: true })
  await writeFile(join(files, 'etc/apt/sources.list.d/debian.list'), sources)

  const root = join(workFolder, 'root')
  await runInNamespaces(installation({ suite, repository, root }), {
    signal,
    env: {
      EARLY: await stageFiles('early', await folder('early'), suite),
      FINISH: join(await stageFiles('hooks', await folder('hooks'), suite), 'finish'),
      FILES: files,
      BOOT_LOADER: bootLoader,
      BOOT_IMAGES: images,
      TMPDIR: await folder('tmp'),
      SOURCE_DATE_EPOCH: String(TIME),
      DEBIAN_FRONTEND: 'noninteractive',
    },
    onLine: (line) => {
      for (const [begin, message, fraction] of STEPS) if (line.startsWith(`I: ${begin}`)) onProgress(message, fraction)
    },
  })

  onProgress('making the file system', 0.8)
  const disk = join(workFolder, 'disk')
  await makeDisk(disk, root, signal)
  const loader = placeGrub(await readFile(join(images, 'boot.img')), await readFile(join(images, 'core.img')), FIRST_SECTOR)
  const partition: Partition = { type: 0x83, isBootable: true, start: FIRST_SECTOR, sectors: DISK_BYTES / SECTOR - FIRST_SECTOR }
  const file = await open(disk, 'r+')
  try {
    await file.write(makeBootRecord(loader.bootCode, SIGNATURE, [partition]), 0, SECTOR, 0)
    await file.write(loader.core, 0, loader.core.length, SECTOR)
  } finally {
    await file.close()
  }
  return disk
}

/** What mmdebstrap says that it does, what that is to people, and how far the build is then. */
const STEPS = [
  ['extracting archives', 'unpacking the base system', 0.25],
  ['installing essential packages', 'setting up the base system', 0.35],
  ['installing remaining packages', 'installing packages', 0.45],
  ['running --customize-hook', 'setting up the boot', 0.75],
] as const

/** PURE: the command that installs the packages into `root`; hooks take paths from the environment, for a shell runs them. */
export function installation({ suite, repository, root }: { readonly suite: string; readonly repository: string; readonly root: string }): string[] {
  return [
    'mmdebstrap',
    '--mode=root',
    '--variant=apt',
    '--format=directory',
    '--architectures=amd64',
    `--include=${INCLUDED.join(',')}`,
    ...EXCLUDED.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    // Nobody needs the files if the power goes now.
    '--dpkgopt=force-unsafe-io',
    '--setup-hook=for name in bin sbin lib lib64; do mkdir -p "$1/usr/$name" && ln -s "usr/$name" "$1/$name"; done',
    '--essential-hook=cp -r --no-preserve=ownership "$EARLY/." "$1"',
    '--customize-hook=sh "$FINISH" "$1"',
    suite,
    root,
    `deb [trusted=yes] copy:${encodeURI(repository)} ./`,
  ]
}

async function runInNamespaces(argv: readonly string[], options: Parameters<typeof run>[2]): Promise<void> {
  const [program, ...args] = inNamespaces(argv, process.getuid?.() === 0)
  await run(program, args, options)
}

/** An ext4 with all below `root`, owners and all, at its place on the disk. */
async function makeDisk(disk: string, root: string, signal: AbortSignal): Promise<void> {
  await writeFile(disk, '')
  await truncate(disk, DISK_BYTES)
  const form = ['-t', 'ext4', '-O', FEATURES, '-b', '4096', '-I', '256', '-J', 'size=32', '-m', '1']
  const identity = ['-L', 'root', '-U', ROOT_UUID, '-E', `hash_seed=${ROOT_UUID},root_owner=0:0,lazy_itable_init=0,nodiscard,offset=${MIB}`]
  const blocks = (DISK_BYTES - MIB) / 4096
  const env = { E2FSPROGS_FAKE_TIME: String(TIME), MKE2FS_CONFIG: '/dev/null' }
  await runInNamespaces(['mke2fs', '-q', '-F', ...form, ...identity, '-d', root, disk, String(blocks)], { signal, env })
}

/** Copies our own files of one folder to where the hooks find them, for the suite; answers that folder. */
async function stageFiles(name: string, to: string, suite: string): Promise<string> {
  for (const { path, mode, data } of await readOwnFiles('debian', name)) {
    const target = join(to, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, data.toString('utf8').replaceAll('@SUITE@', suite), { mode })
  }
  return to
}
