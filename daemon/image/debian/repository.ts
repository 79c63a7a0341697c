/** A repository of the packages that were fetched, for apt to install from: flat, and with nothing else in it. */
import { createHash } from 'node:crypto'
import { link, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Package, PackageStore } from '../builder/packages.ts'
import { run } from '../builder/program.ts'

/** Packages that are read at the same time. */
const AT_ONCE = 4

/** Makes it in `folder`, on the file system of the packages. */
export async function makeRepository(folder: string, store: PackageStore, suite: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder)
  const packages = store.packages.filter(({ use }) => use === 'guest')
  const stanzas: string[] = []
  for (let at = 0; at < packages.length; at += AT_ONCE) {
    const some = packages.slice(at, at + AT_ONCE).map(async (one) => {
      const path = join(store.folder, one.file)
      await link(path, join(folder, nameInRepository(one.file)))
      return describePackage((await run('dpkg-deb', ['--field', path], { signal })).stdout, one)
    })
    stanzas.push(...(await Promise.all(some)))
  }
  const list = stanzas.join('\n')
  await writeFile(join(folder, 'Packages'), list)
  await writeFile(join(folder, 'Release'), describeRelease(suite, list))
}

/** PURE: a package's stanza of a list of packages: its own fields, and where its file is. */
export function describePackage(fields: string, { file, bytes, sha256 }: Package): string {
  return `${fields.trimEnd()}\nFilename: ./${nameInRepository(file)}\nSize: ${bytes}\nSHA256: ${sha256}\n`
}

/** PURE: which names a file may be fetched by: a "%" would be decoded. */
export function nameInRepository(file: string): string {
  return file.replaceAll('%', '_')
}

/** PURE: mmdebstrap finds what is essential by the suite. */
export function describeRelease(suite: string, list: string): string {
  const sha256 = createHash('sha256').update(list).digest('hex')
  return `Suite: ${suite}\nCodename: ${suite}\nSHA256:\n ${sha256} ${Buffer.byteLength(list)} Packages\n`
}
