/** The tiny image for the system tests, from the same cache that the demo uses. */
import { defaultCacheFolder, ensureImage } from '../../daemon/image/builder/cached.ts'
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
