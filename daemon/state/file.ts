/** Files of state: whole or not at all, also when the power goes. */
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The name under which a file is written before it takes its place; debris of a crash is overwritten by the next write. */
function pendingName(path: string): string {
  return join(dirname(path), `.${basename(path)}.pending`)
}

/** {@link writeText} of `value` as JSON. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`)
}

/**
 * Writes `text` so that a reader, or a crash at any moment, finds either the old or the new content. Two writers of one
 * path must take turns. Throws the file system's error and leaves the old content.
 */
export async function writeText(path: string, text: string): Promise<void> {
  const pending = pendingName(path)
  try {
    const file = await open(pending, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(pending, path)
  } catch (error) {
    await rm(pending, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Gives a file that others may have written its mode, and makes its content outlive a power cut. */
export async function settleFile(path: string, mode: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes renames and removals in a folder outlive a power cut (open(2), "fsync on the containing directory"). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Not a pipe, whose opening may wait for ever. */
async function readRegular(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) throw new SyntaxError(`${path} is no regular file`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** The parsed content; `undefined` if there is no such file. Throws SyntaxError where it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readRegular(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
