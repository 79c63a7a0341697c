/** The tiny image for the system tests, from the same cache that the demo uses. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { defaultCacheFolder, ensureImage } from '../../daemon/image/builder/cached.ts'
import { readIndex } from '../../daemon/image/builder/packages.ts'
import { readHostRelease } from '../../daemon/image/debian/sources.ts'
import { tinyRecipe } from '../../daemon/image/tiny/build.ts'

/** Builds it if it is not there, which takes a minute or two; safe to call from several processes at once. */
export async function ensureTinyImage(): Promise<string> {
  const { codename } = await readHostRelease()
  return await ensureImage(tinyRecipe(codename), {
    cacheFolder: defaultCacheFolder(process.env),
    signal: AbortSignal.timeout(900_000),
    onProgress: () => undefined,
  })
}

/** Fills a cache folder with the packages that the image is made of, and nothing else: a build then needs no network. */
export async function copyTinyPackages(cache: string): Promise<void> {
  await ensureTinyImage()
  const from = defaultCacheFolder(process.env)
  const { index } = tinyRecipe((await readHostRelease()).codename)
  mkdirSync(join(cache, 'packages'), { recursive: true })
  for (const { file } of (await readIndex(from, index)) ?? []) copyFileSync(join(from, 'packages', file), join(cache, 'packages', file))
  copyFileSync(join(from, `${index.name}.json`), join(cache, `${index.name}.json`))
}
