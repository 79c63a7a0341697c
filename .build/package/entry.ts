/** What a release is made of: files, each with where it goes. Pure. */
import { createHash } from 'node:crypto'

export interface Entry {
  /** Where it is installed, without the first slash: `usr/bin/aetherscale`. */
  readonly path: string
  readonly mode: 0o644 | 0o755
  readonly content: string | Uint8Array
}

/** All folders that the entries lie in, parents first. */
export function listFolders(entries: readonly Entry[]): string[] {
  const folders = new Set<string>()
  for (const { path } of entries) {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) folders.add(path.slice(0, end))
  }
  return [...folders].sort()
}

/** By path, letter by letter, so that the order follows from nothing else. */
export function sortEntries(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Changes with any path, mode or content. */
export function hashEntries(entries: readonly Entry[]): string {
  const hash = createHash('sha256')
  for (const { path, mode, content } of sortEntries(entries)) {
    hash.update(JSON.stringify([path, mode, Buffer.byteLength(content)])).update(content)
  }
  return hash.digest('hex')
}
