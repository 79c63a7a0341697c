/** The tiny image for the system tests, from the same cache that the demo uses. */
import { defaultCacheFolder, ensureTinyImage as ensure } from '../../daemon/image/tiny/cached.ts'

/** Builds it if it is not there, which takes a minute or two; safe to call from several processes at once. */
export function ensureTinyImage(): Promise<string> {
  return ensure({ cacheFolder: defaultCacheFolder(process.env), signal: AbortSignal.timeout(900_000), onProgress: () => undefined })
}
