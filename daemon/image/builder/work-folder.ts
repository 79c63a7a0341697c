/**
 * A folder in the cache for the work of one build. Its lock ends with its process, however that ends: what a build leaves
 * that was killed is removed by the next one.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLock } from '../../state/lock.ts'
import { inNamespaces } from './namespace.ts'
import { run } from './program.ts'

const LOCK = /^build-[0-9a-f]+\.lock$/

/** Hands a new, empty folder to `work`, and removes it with all that is in it when that has ended. */
export async function withWorkFolder<T>(cacheFolder: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(cacheFolder, { recursive: true })
  await removeAbandoned(cacheFolder)
  const folder = join(cacheFolder, `build-${randomBytes(6).toString('hex')}`)
  const lock = `${folder}.lock`
  const unlock = tryLock(lock)
  try {
    await mkdir(folder)
    return await work(folder)
  } finally {
    await removeTree(folder)
    await rm(lock, { force: true })
    unlock?.()
  }
}

/** Makes new folders in the folder of a build. */
export function foldersIn(workFolder: string): (name: string) => Promise<string> {
  return async (name) => {
    const path = join(workFolder, name)
    await mkdir(path)
    return path
  }
}

async function removeAbandoned(cacheFolder: string): Promise<void> {
  for (const name of (await readdir(cacheFolder)).filter((one) => LOCK.test(one))) {
    const lock = join(cacheFolder, name)
    const unlock = tryLock(lock)
    if (!unlock) continue
    await removeTree(lock.slice(0, -'.lock'.length))
    await rm(lock, { force: true })
    unlock()
  }
}

/** Folders of a guest's users, and what is in them, are not the caller's to remove but in the namespaces. */
async function removeTree(folder: string): Promise<void> {
  try {
    // A program that was killed may be in the act of making files.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    const [program, ...args] = inNamespaces(['rm', '-rf', '--', folder], false)
    await run(program, args, { signal: AbortSignal.timeout(600_000) })
  }
}
