/** Writes entries into a folder, the same whoever does it, with whatever umask. */
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listFolders, type Entry } from './entry.ts'

/** `folder` must not be there; `epoch` is the time of every file and folder, in seconds since 1970. */
export async function stageEntries(folder: string, entries: readonly Entry[], epoch: number): Promise<void> {
  const folders = [folder, ...listFolders(entries).map((path) => join(folder, path))]
  for (const path of folders) {
    await mkdir(path)
    await chmod(path, 0o755)
  }
  for (const { path, mode, content } of entries) {
    const file = join(folder, path)
    await writeFile(file, content, { flag: 'wx' })
    await chmod(file, mode)
    await utimes(file, epoch, epoch)
  }
  // last, for a folder's time changes with what is put into it
  for (const path of folders) await utimes(path, epoch, epoch)
}
