/** The Debian image for the system tests, from the cache. */
import { defaultCacheFolder, ensureImage } from '../../daemon/image/builder/cached.ts'
import { debianRecipe } from '../../daemon/image/debian/build.ts'
import { readHostRelease, USUAL_SUITE } from '../../daemon/image/debian/sources.ts'

/** Builds it if it is not there, which takes a minute or two; safe to call from several processes at once. */
export async function ensureDebianImage(): Promise<string> {
  const host = await readHostRelease()
  return await ensureImage(debianRecipe(host.isDebian ? host.codename : USUAL_SUITE, host), {
    cacheFolder: defaultCacheFolder(process.env),
    signal: AbortSignal.timeout(1_200_000),
    onProgress: () => undefined,
  })
}
