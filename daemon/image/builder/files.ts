/** The files that lie beside the sources of an image: what goes into the guest as it is. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface OwnFile {
  /** Relative to the folder. */
  readonly path: string
  /** 0755 where it begins with "#!" and 0644 else: git keeps no other bit, and a release none at all. */
  readonly mode: number
  readonly data: Buffer
}

/** Folders of this kind of image, below which are its own files. */
export type ImageKind = 'tiny' | 'debian'

const here = fileURLToPath(import.meta.url)
const isBundled = !here.endsWith('.ts')

/** Where the files of a kind are: beside its sources, or where a release has them. */
function ownFolder(kind: ImageKind): string {
  return isBundled ? join(dirname(here), 'image', kind) : join(dirname(dirname(here)), kind)
}

/** Every file below `folder` of this kind of image. */
export async function readOwnFiles(kind: ImageKind, folder: string): Promise<OwnFile[]> {
  const base = join(ownFolder(kind), folder)
  return await Promise.all(
    (await listFiles(base)).map(async (file): Promise<OwnFile> => {
      const data = await readFile(file)
      return { path: file.slice(base.length + 1), mode: data.toString('latin1', 0, 2) === '#!' ? 0o755 : 0o644, data }
    }),
  )
}

/** All that decides, besides the packages, what an image of this kind is: its recipe, and the builder itself. */
export async function listRecipe(kind: ImageKind): Promise<string[]> {
  const builder = isBundled ? [here] : await listFiles(dirname(here))
  return [...builder, ...(await listFiles(ownFolder(kind)))].sort()
}

async function listFiles(folder: string): Promise<string[]> {
  if (!existsSync(folder)) throw new Error(`the files of the image are not where they belong: ${folder}`)
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
}
