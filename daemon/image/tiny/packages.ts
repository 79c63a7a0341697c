/**
 * The Debian packages that the image is made of. They are kept in the cache folder, each under its name and version; an
 * index a release says which of them belong together. A file gets its name when it is whole and its hash is right, and
 * the index is written last, so that a download that was killed leaves nothing that is believed.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { UserError } from '../../../policy/errors.ts'
import { readJson, writeJson } from '../../state/file.ts'
import { openApt, type Apt, type Download } from './apt.ts'
import type { RunOptions } from './program.ts'

/** Follows the newest kernel for virtual machines by depending on it. */
const KERNEL = 'linux-image-cloud-amd64'
/** In the guest; the agent with its libraries. */
const BUSYBOX = 'busybox-static'
const AGENT = 'qemu-guest-agent'
/** Programs that run on the host while the image is built, from the package and without being installed. */
const BOOT_LOADER = ['syslinux', 'syslinux-common', 'mtools']

const Package = z.object({
  file: z.string().regex(/^[^/]+\.deb$/),
  bytes: z.int(),
  sha256: z.string(),
  use: z.enum(['kernel', 'guest', 'boot-loader']),
})
export type Package = z.infer<typeof Package>
const Index = z.object({ format: z.literal(1), packages: z.array(Package) })

export interface PackageStore {
  readonly folder: string
  readonly packages: readonly Package[]
}

/** The packages that were fetched for this release of Debian, without a look at their files; `undefined` if none were. */
export async function readIndex(cacheFolder: string): Promise<readonly Package[] | undefined> {
  try {
    return Index.safeParse(await readJson(await indexPath(cacheFolder))).data?.packages
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * The packages, from the cache if they are there whole, else fetched; `workFolder` is an empty folder on the cache's
 * file system. Throws UserError PROGRAM_MISSING, NO_SPACE, HOST_IO.
 */
export async function fetchPackages(
  { cacheFolder, workFolder, onProgress, signal }:
  RunOptions & { readonly cacheFolder: string; readonly workFolder: string; readonly onProgress: (message: string) => void },
): Promise<PackageStore> {
  const folder = join(cacheFolder, 'packages')
  const known = await readIndex(cacheFolder)
  if (known && (await areWhole(folder, known))) return { folder, packages: known }

  onProgress("fetching the lists of Debian's packages")
  const apt = await openApt(workFolder, { signal })
  const packages = await choosePackages(apt)
  const missing: Package[] = []
  for (const one of packages) if (!(await isWhole(join(folder, one.file), one))) missing.push(one)
  const megabytes = missing.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
  if (missing.length > 0) onProgress(`downloading ${missing.length} packages, ${megabytes.toFixed(0)} MB`)
  await download(apt, missing, workFolder, folder)
  await writeJson(await indexPath(cacheFolder), { format: 1, packages } satisfies z.infer<typeof Index>)
  return { folder, packages }
}

async function choosePackages(apt: Apt): Promise<Package[]> {
  const kernel = (await apt.dependsOn(KERNEL)).find((name) => name.startsWith('linux-image-'))
  if (kernel === undefined) {
    throw new UserError('HOST_IO', `The sources of apt offer no ${KERNEL}`, {
      hint: "The tiny image is made of Debian's packages: build it on Debian 12, and copy it from there",
    })
  }
  const uses = { kernel: [kernel], guest: [BUSYBOX, ...(await apt.closure(AGENT))], 'boot-loader': BOOT_LOADER } as const
  const chosen: Package[] = []
  for (const [use, names] of Object.entries(uses)) {
    const found: Download[] = await apt.resolve(names)
    if (found.length !== names.length) throw new UserError('HOST_IO', `apt-get does not find all of: ${names.join(' ')}`)
    chosen.push(...found.map((one) => ({ ...one, use: Package.shape.use.parse(use) })))
  }
  return chosen.sort((a, b) => (a.file < b.file ? -1 : 1))
}

async function download(apt: Apt, packages: readonly Package[], workFolder: string, folder: string): Promise<void> {
  if (packages.length === 0) return
  const arrivals = join(workFolder, 'arrivals')
  await mkdir(arrivals)
  await mkdir(folder, { recursive: true })
  await apt.download(packages.map(nameAndVersion), arrivals)
  for (const one of packages) {
    if (!(await isWhole(join(arrivals, one.file), one))) {
      throw new UserError('HOST_IO', `${one.file} did not arrive as the list of packages describes it`, { hint: 'Try again' })
    }
    await rename(join(arrivals, one.file), join(folder, one.file))
  }
}

/** `NAME=VERSION`, so that what is downloaded is what was resolved. */
function nameAndVersion({ file }: Package): string {
  const [name = '', version = ''] = file.split('_')
  return `${name}=${decodeURIComponent(version)}`
}

async function areWhole(folder: string, packages: readonly Package[]): Promise<boolean> {
  const checks = await Promise.all(packages.map((one) => isWhole(join(folder, one.file), one)))
  return checks.every(Boolean)
}

async function isWhole(path: string, { bytes, sha256 }: Download): Promise<boolean> {
  try {
    const content = await readFile(path)
    return content.length === bytes && createHash('sha256').update(content).digest('hex') === sha256
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** By release: after an upgrade of the host, its packages are another set. */
async function indexPath(cacheFolder: string): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const release = /^VERSION_CODENAME="?([a-z0-9.-]+)"?$/m.exec(text)?.[1] ?? 'unknown'
  return join(cacheFolder, `packages-${release}.json`)
}
