/** Folders and files of this host, as they are named in forms and commands. */
import { readFileSync, statSync, type Stats } from 'node:fs'
import { constants, open, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Context } from '../context.ts'
import type { FormError } from '../form/form.ts'
import { expandHome } from './complete-path.ts'

export type Place = Pick<Context['place'], 'cwd' | 'home'>

/** Absolute: the daemon's working directory is another one. */
export function absolutePath(path: string, { cwd, home }: Place): string {
  return resolve(cwd(), expandHome(path, home))
}

/** Names in a folder, folders with a slash behind them; none where it cannot be read. */
export async function listFolder(folder: string, place: Place): Promise<string[]> {
  const path = absolutePath(folder === '' ? '.' : folder, place)
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return await Promise.all(
    entries.map(async (entry) => {
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderAt(join(path, entry.name))))
      return isFolder ? `${entry.name}/` : entry.name
    }),
  )
}

async function isFolderAt(path: string): Promise<boolean> {
  return await stat(path).then((found) => found.isDirectory(), () => false)
}

/** More does not fit into one request; the contract's limits are lower, and the daemon's to tell. */
const LIMIT = 1_000_000

function whyUnfit(found: Stats): string | undefined {
  if (!found.isFile()) return found.isDirectory() ? 'is a folder' : 'is no file'
  return found.size > LIMIT ? 'is too large to be sent to the daemon' : undefined
}

/** For the command line, which is read in one go: no key would be answered meanwhile. Throws, with a `code` that says why. */
export function readFileNow(path: string): Uint8Array {
  const obstacle = whyUnfit(statSync(path))
  if (obstacle !== undefined) throw Object.assign(new Error(obstacle), { code: `it ${obstacle}` })
  return readFileSync(path)
}

/** The text of a file, byte for byte; or what is wrong with it, at the field that names it. */
export async function readTextFile(field: string, path: string, place: Place): Promise<{ readonly text: string } | { readonly error: FormError }> {
  const fail = (message: string): { error: FormError } => ({ error: { field, message: `${path} ${message}` } })
  try {
    // Of a pipe that nobody writes to the opening alone would not end.
    const file = await open(absolutePath(path, place), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      const obstacle = whyUnfit(found)
      if (obstacle !== undefined) return fail(obstacle)
      return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile()) }
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return fail(code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not text in UTF-8' : `cannot be read: ${code}`)
  }
}
