/** What a kind of image is to the builder: a recipe that yields a raw disk. */
import type { ImageKind } from './files.ts'
import type { PackageIndex } from './packages.ts'

export interface BuildOptions {
  /** Keeps the packages; the build works in there as well. Made if it is not there. */
  readonly cacheFolder: string
  /** `fraction` is 0 to 1, ascending, where it is known. */
  readonly onProgress: (message: string, fraction?: number) => void
  readonly signal: AbortSignal
  /** Packages that were fetched longer ago are looked for anew, if the network answers. Milliseconds; for ever where not said. */
  readonly freshForMs?: number
}

export interface Recipe {
  readonly kind: ImageKind
  /** What a built image is called in the cache. */
  readonly name: string
  /** Which packages were fetched for it is noted there. */
  readonly index: PackageIndex
  /** Host programs without which nothing need be begun; throws UserError PROGRAM_MISSING, HOST_IO. */
  readonly checkHost: () => Promise<void>
  /** The path of a raw disk in `workFolder`, which is empty at first. */
  readonly buildDisk: (options: BuildOptions & { readonly workFolder: string }) => Promise<string>
}
