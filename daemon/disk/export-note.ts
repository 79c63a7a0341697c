/**
 * Notes of exports that are under way: the file is in a folder that nobody else looks into, so where it is has to be written
 * down before it is made, for the next daemon to remove it.
 */
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import type { Folders } from '../config.ts'
import { readJson, writeJson } from '../state/file.ts'

const EXPORTING = '.exporting'
const Note = z.strictObject({ temporary: z.string() })
/** As {@link beginExport} names them: whatever a note says, no other file is removed. */
const OURS = /^\..+\.[0-9a-f]{16}\.exporting$/

type Needs = Pick<Folders, 'config'>

/** A hidden name beside the target, and what to call when there is no file of that name any more. */
export async function beginExport(folders: Needs, target: string): Promise<{ readonly temporary: string; end(): Promise<void> }> {
  const mark = randomBytes(8).toString('hex')
  const temporary = join(dirname(target), `.${basename(target)}.${mark}${EXPORTING}`)
  const folder = notesOf(folders)
  const note = join(folder, `${mark}.json`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeJson(note, { temporary })
  return { temporary, end: () => rm(note, { force: true }) }
}

/** Removes what exports have left whose daemon was killed. A note whose file cannot be removed now is kept for the next time. */
export async function removeAbandonedExports(folders: Needs): Promise<void> {
  const folder = notesOf(folders)
  for (const name of await readdir(folder).catch(() => [])) {
    const note = join(folder, name)
    const { data } = Note.safeParse(await readJson(note).catch(() => undefined))
    const isRemoved = data === undefined || (await removeOurs(data.temporary))
    if (isRemoved) await rm(note, { force: true })
  }
}

async function removeOurs(path: string): Promise<boolean> {
  try {
    if (OURS.test(basename(path)) && (await lstat(path)).isFile()) await rm(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function notesOf({ config }: Needs): string {
  return join(config, 'export')
}
