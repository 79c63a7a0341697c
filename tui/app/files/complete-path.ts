/** PURE: a path as far as it is typed, and how it can go on. */
import { sharedStart } from '../text/shared-start.ts'

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

/** As far as all that fits agrees. `names` are those of the folder, folders with a slash behind them. */
export function completePath({ folder, start }: TypedPath, names: readonly string[]): PathCompletion {
  const fitting = fittingNames(names, start)
  if (fitting.length === 0) return { text: folder + start, candidates: [] }
  return { text: folder + sharedStart(fitting), candidates: fitting.length === 1 ? [] : fitting }
}

/** Hidden ones are meant only where the dot is typed. */
export function fittingNames(names: readonly string[], start: string): string[] {
  return names.filter((name) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.'))).sort()
}
