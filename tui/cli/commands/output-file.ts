/** A file of ours that is written: whole, or left as it was. */
import { randomBytes } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { open, realpath, rename, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { quote } from '../read-value.ts'
import { UsageError } from '../usage-error.ts'

export interface Output {
  write(bytes: Uint8Array): Promise<void>
  /** Puts it in its place, with these permissions; those of a new file where not said. */
  finish(mode: number | undefined): Promise<void>
  /** Leaves nothing of it. At once, for the process may be ending; harmless after `finish`. */
  discard(): void
}

/**
 * Opens what `local` names. Throws UsageError where that is a folder (`source` is the name that the file would have in it),
 * or cannot be written.
 */
export async function openOutput(cwd: string, local: string, source: string): Promise<Output> {
  const named = resolve(cwd, local)
  try {
    const found = await stat(named).catch(nothingThere)
    if (found?.isDirectory()) {
      throw new UsageError(`LOCAL: ${quote(local)} is a folder`, `name the file: ${join(local, posix.basename(source))}`)
    }
    // A device or a pipe is written to as it stands: in its place a file would be of no use, and the device gone.
    if (found && !found.isFile()) return await openDirectly(named)
    return await openBeside(found ? await realpath(named) : named)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`LOCAL: ${quote(local)} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}

function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function openDirectly(path: string): Promise<Output> {
  const file = await open(path, 'w')
  return {
    write: (bytes) => file.writeFile(bytes),
    finish: () => file.close(),
    discard: () => undefined,
  }
}

async function openBeside(path: string): Promise<Output> {
  const partial = join(dirname(path), `.${basename(path).slice(0, 60)}.${randomBytes(4).toString('hex')}.part`)
  const file = await open(partial, 'wx', 0o600)
  let isThere = true
  return {
    write: (bytes) => file.writeFile(bytes),
    async finish(mode) {
      // What a guest says of set-user-id and the like is not for this host, and the mask of whoever copies holds.
      await file.chmod((mode ?? 0o666) & 0o777 & ~process.umask())
      await file.datasync()
      await file.close()
      await rename(partial, path)
      isThere = false
    },
    discard() {
      if (isThere) unlinkSync(partial)
      isThere = false
    },
  }
}
