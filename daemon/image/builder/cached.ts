/** Images in the cache: built anew when the recipe or its packages have changed, by one process at a time. */
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tryLock } from '../../state/lock.ts'
import { buildImage } from './build.ts'
import { listRecipe } from './files.ts'
import { readIndex } from './packages.ts'
import type { BuildOptions, Recipe } from './recipe.ts'

const POLL_MS = 100
/** Somebody may still be about to copy an image that another version of the builder made. */
const KEPT_FOR_MS = 604_800_000

/** Where packages and built images are kept (XDG Base Directory Specification, "Environment variables"). */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'aetherscale')
}

/**
 * The path of the built image, which is not to be written to. Its name changes with its content: what is under a path
 * stays the same. Waits while another process builds it. Throws as {@link buildImage} does.
 */
export async function ensureImage(recipe: Recipe, options: BuildOptions): Promise<string> {
  const cacheFolder = resolve(options.cacheFolder)
  const found = await findImage(recipe, cacheFolder)
  if (found !== undefined) return found
  await mkdir(cacheFolder, { recursive: true })
  const unlock = await waitForLock(join(cacheFolder, `${recipe.name}.lock`), options)
  try {
    const meanwhile = await findImage(recipe, cacheFolder)
    if (meanwhile !== undefined) return meanwhile
    const fresh = join(cacheFolder, `${recipe.name}.fresh`)
    await buildImage(recipe, { ...options, cacheFolder, output: fresh })
    // The key is known only now: the build may have fetched newer packages.
    const path = await imagePath(recipe, cacheFolder)
    if (path === undefined) throw new Error('the builder left no index of its packages')
    await rename(fresh, path)
    await removeOld(recipe, cacheFolder, path)
    return path
  } finally {
    unlock()
  }
}

async function findImage(recipe: Recipe, cacheFolder: string): Promise<string | undefined> {
  const path = await imagePath(recipe, cacheFolder)
  return path !== undefined && (await exists(path)) ? path : undefined
}

/** Where the image of this recipe and these packages lies; `undefined` before the packages were ever fetched. */
async function imagePath({ kind, name, index }: Recipe, cacheFolder: string): Promise<string | undefined> {
  const packages = await readIndex(cacheFolder, index)
  if (!packages) return undefined
  const key = createHash('sha256').update(JSON.stringify(packages))
  const files = await listRecipe(kind)
  const root = dirname(files[0] ?? '')
  for (const file of files) key.update(`${relative(root, file)}\0`).update(await readFile(file)).update('\0')
  return join(cacheFolder, `${name}-${key.digest('hex').slice(0, 16)}.qcow2`)
}

async function waitForLock(path: string, { signal, onProgress }: BuildOptions): Promise<() => void> {
  for (let isFirst = true; ; isFirst = false) {
    const unlock = tryLock(path)
    if (unlock) return unlock
    if (isFirst) onProgress('waiting for another process that builds the image')
    await delay(POLL_MS, undefined, { signal })
  }
}

async function removeOld({ name: recipe }: Recipe, cacheFolder: string, current: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const path = join(cacheFolder, name)
    if (!name.startsWith(`${recipe}-`) || !/^-[0-9a-f]{16}\.qcow2$/.test(name.slice(recipe.length)) || path === current) continue
    if (Date.now() - (await stat(path)).mtimeMs > KEPT_FOR_MS) await rm(path, { force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false)
}
