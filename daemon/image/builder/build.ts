/** Builds an image by its recipe, in a folder that goes when the build has ended. */
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../../../policy/errors.ts'
import { run } from './program.ts'
import type { BuildOptions, Recipe } from './recipe.ts'
import { withWorkFolder } from './work-folder.ts'

/**
 * Builds a raw disk and hands it to `use`, after which it is removed; the packages stay in the cache. Throws UserError
 * PROGRAM_MISSING, NO_SPACE, HOST_IO, IMAGE_BUILD_FAILED; the signal's reason when it is aborted; what `use` throws.
 */
export async function buildDisk(recipe: Recipe, options: BuildOptions, use: (disk: string, workFolder: string) => Promise<void>): Promise<void> {
  const cacheFolder = resolve(options.cacheFolder)
  try {
    await recipe.checkHost()
    await withWorkFolder(cacheFolder, async (workFolder) => {
      await use(await recipe.buildDisk({ ...options, cacheFolder, workFolder }), workFolder)
    })
  } catch (error) {
    throw explain(error)
  }
}

/** {@link buildDisk} as a qcow2; one that is there under that name is replaced when the new one is whole. */
export async function buildImage(recipe: Recipe, options: BuildOptions & { readonly output: string }): Promise<void> {
  const output = resolve(options.output)
  const { onProgress, signal } = options
  await buildDisk(recipe, options, async (disk, workFolder) => {
    onProgress('writing the qcow2', 0.9)
    const fresh = join(workFolder, 'image.qcow2')
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk, fresh], { signal })
    await sync(fresh)
    await mkdir(dirname(output), { recursive: true })
    await rename(fresh, output).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
      await moveAcross(fresh, output)
    })
  })
}

/** To another file system. */
async function moveAcross(from: string, to: string): Promise<void> {
  const partial = `${to}.${process.pid}.partial`
  try {
    await copyFile(from, partial)
    await sync(partial)
    await rename(partial, to)
  } finally {
    await rm(partial, { force: true })
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What Node's own file operations throw has an errno; what has none is a bug or already explained. */
function explain(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (error instanceof UserError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  const message = `The image cannot be built: ${(error as Error).message}`
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new UserError('NO_SPACE', message, { hint: 'Make room in the cache folder, or choose another one', cause: error })
    : new UserError('HOST_IO', message, { cause: error })
}
