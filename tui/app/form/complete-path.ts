/** PURE: a path as far as it is typed, and how it can go on. */

export interface TypedPath {
  /** The folder that it is in, as it was typed, with its slash; empty for the working directory. */
  readonly folder: string
  /** What the name begins with. */
  readonly start: string
}

export function splitPath(text: string): TypedPath {
  if (text === '~') return { folder: '~/', start: '' }
  const slash = text.lastIndexOf('/') + 1
  return { folder: text.slice(0, slash), start: text.slice(slash) }
}

/** `~` is the home folder, as shells have it; those of others are not known. */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path
}

export interface PathCompletion {
  readonly text: string
  /** By name, of which there are several. */
  readonly candidates: readonly string[]
}

/**
 * As far as all that fits agrees. `names` are those of the folder, folders with a slash behind them; hidden ones are
 * meant only where the dot is typed.
 */
export function completePath({ folder, start }: TypedPath, names: readonly string[]): PathCompletion {
  const fitting = names.filter((name) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.'))).sort()
  const [first, ...others] = fitting
  if (first === undefined) return { text: folder + start, candidates: [] }
  return { text: folder + others.reduce(sharedStart, first), candidates: others.length === 0 ? [] : fitting }
}

/** By whole characters: half of one would be none. */
function sharedStart(a: string, b: string): string {
  const others = [...b]
  const characters = [...a]
  const end = characters.findIndex((character, index) => character !== others[index])
  return end < 0 ? a : characters.slice(0, end).join('')
}
