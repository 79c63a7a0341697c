/**
 * The Debian packages that an image is made of. They are kept in the cache folder, each under its name and version; an
 * index says which of them belong together. A file gets its name when it is whole and its hash is right, and the index is
 * written last, so that a download that was killed leaves nothing that is believed.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { UserError } from '../../../policy/errors.ts'
import { readJson, writeJson } from '../../state/file.ts'
import { openApt, type Apt, type Download } from './apt.ts'
import { run } from './program.ts'
import type { BuildOptions } from './recipe.ts'

const Package = z.object({
  file: z.string().regex(/^[^/]+\.deb$/),
  bytes: z.int(),
  sha256: z.string(),
  use: z.string(),
})
export type Package = z.infer<typeof Package>
const Index = z.object({ format: z.literal(1), packages: z.array(Package) })

export interface PackageIndex {
  /** The index's file in the cache folder, without ".json". */
  readonly name: string
  /** Writes other sources than the machine's into a folder, whose path it answers; `undefined` where the machine's serve. */
  readonly sources?: (workFolder: string) => Promise<string | undefined>
  /** Names of packages by their use. */
  readonly choose: (apt: Apt) => Promise<Readonly<Record<string, readonly string[]>>>
}

export interface PackageStore {
  readonly folder: string
  readonly packages: readonly Package[]
}

interface FetchOptions extends BuildOptions {
  readonly index: PackageIndex
  /** An empty folder on the cache's file system. */
  readonly workFolder: string
}

/** The packages that were fetched, without a look at their files; `undefined` if none were. */
export async function readIndex(cacheFolder: string, { name }: PackageIndex): Promise<readonly Package[] | undefined> {
  try {
    return Index.safeParse(await readJson(indexPath(cacheFolder, name))).data?.packages
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The packages, from the cache if they are there whole, else fetched. Throws UserError PROGRAM_MISSING, NO_SPACE, HOST_IO, IMAGE_BUILD_FAILED. */
export async function fetchPackages(options: FetchOptions): Promise<PackageStore> {
  const { index, cacheFolder, workFolder, onProgress, signal, freshForMs = Infinity } = options
  const folder = join(cacheFolder, 'packages')
  const known = await readIndex(cacheFolder, index)
  const isUsable = known !== undefined && (await areWhole(folder, known))
  if (isUsable && (await ageOf(indexPath(cacheFolder, index.name))) < freshForMs) return { folder, packages: known }

  onProgress("fetching the lists of Debian's packages", 0)
  try {
    const sources = await index.sources?.(workFolder)
    const apt = await openApt(workFolder, { signal, ...(sources !== undefined && { sources }) })
    const packages = await resolvePackages(apt, await index.choose(apt))
    const missing: Package[] = []
    for (const one of packages) if (!(await isWhole(join(folder, one.file), one))) missing.push(one)
    const megabytes = missing.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
    if (missing.length > 0) onProgress(`downloading ${missing.length} packages, ${megabytes.toFixed(0)} MB`, 0.1)
    await download(apt, missing, workFolder, folder)
    await writeJson(indexPath(cacheFolder, index.name), { format: 1, packages } satisfies z.infer<typeof Index>)
    return { folder, packages }
  } catch (error) {
    if (!isUsable || !(error instanceof UserError) || error.data.name !== 'IMAGE_BUILD_FAILED') throw error
    onProgress('newer packages cannot be had; those of the last build serve', 0.1)
    return { folder, packages: known }
  }
}

/** Unpacks the packages of one use into `folder`, as files of the caller's. */
export async function unpackPackages(store: PackageStore, use: string, folder: string, signal: AbortSignal): Promise<string> {
  for (const { file } of store.packages.filter((one) => one.use === use)) {
    await run('dpkg-deb', ['-x', join(store.folder, file), folder], { signal })
  }
  return folder
}

async function resolvePackages(apt: Apt, uses: Readonly<Record<string, readonly string[]>>): Promise<Package[]> {
  const chosen: Package[] = []
  for (const [use, names] of Object.entries(uses)) {
    const found = await apt.resolve(names)
    if (found.length !== names.length) throw new UserError('IMAGE_BUILD_FAILED', `apt-get does not find all of: ${names.join(' ')}`)
    chosen.push(...found.map((one) => ({ ...one, use })))
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
      throw new UserError('IMAGE_BUILD_FAILED', `${one.file} did not arrive as the list of packages describes it`, { hint: 'Try again' })
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
  for (const one of packages) if (!(await isWhole(join(folder, one.file), one))) return false
  return true
}

async function isWhole(path: string, { bytes, sha256 }: Download): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex') === sha256
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function ageOf(path: string): Promise<number> {
  return Date.now() - (await stat(path)).mtimeMs
}

function indexPath(cacheFolder: string, name: string): string {
  return join(cacheFolder, `${name}.json`)
}
