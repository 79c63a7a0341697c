/** Writes a Debian package (deb(5)), and a tarball of the same files. Needs dpkg-deb. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readMember } from './ar.ts'
import { sortEntries, type Entry } from './entry.ts'
import { stageEntries } from './stage.ts'

/** Slower levels hardly make Node smaller. */
const ZSTD_LEVEL = 12

export interface Package {
  /** `aetherscale_0.1.0_amd64`, without what the kind of file adds. */
  readonly debName: string
  readonly tarballName: string
  /** What dpkg reads: `control`, `postinst` and the like, by their names. */
  readonly control: readonly Entry[]
  /** What is installed. */
  readonly files: readonly Entry[]
}

export interface Release {
  readonly deb: string
  readonly tarball: string
}

/**
 * The same package and the same `epoch` (seconds since 1970: the time of every file) make the same bytes. Files of a
 * release are there as a whole, or not at all.
 */
export async function writeRelease(folder: string, { debName, tarballName, control, files }: Package, epoch: number): Promise<Release> {
  const scratch = await mkdtemp(join(tmpdir(), 'aetherscale-package-'))
  try {
    const [tree, fresh] = [join(scratch, 'tree'), join(scratch, 'fresh.deb')]
    const sums: Entry = { path: 'md5sums', mode: 0o644, content: renderSums(files) }
    const inside = [...control, sums].map((entry) => ({ ...entry, path: `DEBIAN/${entry.path}` }))
    await stageEntries(tree, [...files, ...inside], epoch)
    await promisify(execFile)('dpkg-deb', ['-Zzstd', `-z${ZSTD_LEVEL}`, '--root-owner-group', '--build', tree, fresh], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    })
    const deb = await readFile(fresh)
    await mkdir(folder, { recursive: true })
    return {
      // what dpkg unpacks is a tarball
      tarball: await publish(join(folder, `${tarballName}.tar.zst`), readMember(deb, 'data.tar.zst')),
      deb: await publish(join(folder, `${debName}.deb`), deb),
    }
  } finally {
    await rm(scratch, { recursive: true })
  }
}

/** What `dpkg --verify` holds the installed files against. */
function renderSums(files: readonly Entry[]): string {
  const lines = sortEntries(files).map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
  return lines.join('')
}

async function publish(path: string, content: Uint8Array): Promise<string> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
  return path
}
