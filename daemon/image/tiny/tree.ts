/** PURE: a tree of files for the guest, held in memory: nothing of it depends on who builds it, or on which file system. */

/** Paths are relative to the guest's root, without "./"; `mode` is the permission bits. Everything belongs to root. */
export type Entry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }

/**
 * The entries with every folder that they lie in (0755 where none is said), parents before what is in them, in an order
 * that depends on the paths alone. Throws where two entries have one path, or an entry lies in something that is no folder.
 */
export function completeTree(entries: readonly Entry[]): Entry[] {
  const byPath = new Map<string, Entry>()
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new Error(`two entries for ${entry.path}`)
    byPath.set(entry.path, entry)
  }
  for (const { path } of entries) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at)
      const known = byPath.get(parent)
      if (known && known.kind !== 'folder') throw new Error(`${path} lies in ${parent}, which is no folder`)
      if (!known) byPath.set(parent, { kind: 'folder', path: parent, mode: 0o755 })
    }
  }
  return [...byPath.values()].sort(byParts)
}

/** Compares part by part, so that "a/b" stands before "a-b": what is in a folder follows it. */
function byParts(a: Entry, b: Entry): number {
  const [left, right] = [a.path.replaceAll('/', '\0'), b.path.replaceAll('/', '\0')]
  return left < right ? -1 : left > right ? 1 : 0
}
