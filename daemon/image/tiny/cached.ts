/** The tiny image in the cache: built anew when the builder or its packages have changed, by one process at a time. */
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../policy/errors.ts'
import { lockFolder } from '../../state/lock.ts'
import { buildTinyImage, type BuildOptions } from './build.ts'
import { readIndex } from './packages.ts'

const POLL_MS = 100
/** Somebody may still be about to copy an image that another version of the builder made. */
const KEPT_FOR_MS = 604_800_000

/** Where packages and built images are kept (XDG Base Directory Specification, "Environment variables"). */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'aetherscale')
}

/**
 * The path of the built image, which is not to be written to. Its name changes with its content: what is under a path
 * stays the same. Waits while another process builds it. Throws as {@link buildTinyImage} does.
 */
export async function ensureTinyImage(options: Omit<BuildOptions, 'output'>): Promise<string> {
  const cacheFolder = resolve(options.cacheFolder)
  const found = await findImage(cacheFolder)
  if (found !== undefined) return found
  await mkdir(cacheFolder, { recursive: true })
  const unlock = await waitForLock(cacheFolder, options)
  try {
    const meanwhile = await findImage(cacheFolder)
    if (meanwhile !== undefined) return meanwhile
    const fresh = join(cacheFolder, 'fresh.qcow2')
    await buildTinyImage({ ...options, cacheFolder, output: fresh })
    // The key is known only now: the build may have fetched newer packages.
    const path = await imagePath(cacheFolder)
    if (path === undefined) throw new Error('the builder left no index of its packages')
    await rename(fresh, path)
    await removeOld(cacheFolder, path)
    return path
  } finally {
    unlock()
  }
}

async function findImage(cacheFolder: string): Promise<string | undefined> {
  const path = await imagePath(cacheFolder)
  return path !== undefined && (await exists(path)) ? path : undefined
}

/** Where the image of these sources and these packages lies; `undefined` before the packages were ever fetched. */
async function imagePath(cacheFolder: string): Promise<string | undefined> {
  const packages = await readIndex(cacheFolder)
  if (!packages) return undefined
  const key = createHash('sha256').update(JSON.stringify(packages))
  const found = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true })
  const files = found.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name)).sort()
  for (const file of files) key.update(`${file.slice(import.meta.dirname.length)}\0`).update(await readFile(file)).update('\0')
  return join(cacheFolder, `tiny-${key.digest('hex').slice(0, 16)}.qcow2`)
}

async function waitForLock(folder: string, { signal, onProgress }: Omit<BuildOptions, 'output'>): Promise<() => void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return lockFolder(folder)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      if (isFirst) onProgress('waiting for another process that builds the image')
      await delay(POLL_MS, undefined, { signal })
    }
  }
}

async function removeOld(cacheFolder: string, current: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const path = join(cacheFolder, name)
    if (!/^tiny-[0-9a-f]+\.qcow2$/.test(name) || path === current) continue
    if (Date.now() - (await stat(path)).mtimeMs > KEPT_FOR_MS) await rm(path, { force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false)
}
