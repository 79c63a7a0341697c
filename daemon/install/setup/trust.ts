/** Root runs nothing that others than root could have written. */
import { lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../../../policy/errors.ts'

/** Throws SETUP_NOT_INSTALLED unless each file, and each folder above it, is root's and root's alone to write. */
export function demandRootsOnly(files: readonly string[]): void {
  for (const path of new Set(files.flatMap((file) => withFoldersAbove(realpathSync(file))))) {
    const { uid, mode } = lstatSync(path)
    if (uid === 0 && (mode & 0o022) === 0) continue
    throw new UserError('SETUP_NOT_INSTALLED', `Root does not run what others can change: ${path} is ${uid === 0 ? 'writable by others than root' : `owned by uid ${uid}`}`, {
      hint: 'Install the package of aetherscale, and run its `aetherscale setup`',
    })
  }
}

function withFoldersAbove(path: string): string[] {
  const folder = dirname(path)
  return folder === path ? [path] : [path, ...withFoldersAbove(folder)]
}
