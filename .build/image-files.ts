/** The files that images are made with: the builder has them beside it, in `image/`, as it has them among the sources. */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from './programs.ts'

const SOURCES = 'daemon/image'
const folders = ['tiny/rootfs', 'tiny/initramfs', 'tiny/bootloader', 'debian/early', 'debian/hooks', 'debian/rootfs']

export interface ImageFile {
  /** In the checkout. */
  readonly source: string
  /** Beside the builder. */
  readonly path: string
}

export async function listImageFiles(): Promise<ImageFile[]> {
  const base = join(root, SOURCES)
  const found = await Promise.all(folders.map((folder) => readdir(join(base, folder), { recursive: true, withFileTypes: true })))
  const files = found.flat().filter((entry) => entry.isFile()).map((entry) => relative(base, join(entry.parentPath, entry.name)))
  return files.sort().map((file) => ({ source: join(SOURCES, file), path: join('image', file) }))
}
