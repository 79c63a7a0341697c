/** The bundles of the programs, and the packages whose code is in them. */
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import { pinVersion, programs, root } from '../programs.ts'
import type { Entry } from './entry.ts'

export interface Bundles {
  readonly entries: readonly Entry[]
  /** Folders of npm packages, `node_modules/zod`, sorted. */
  readonly packages: readonly string[]
}

/** Bundles every program, as of `version`, to be installed in `folder`. Of two plugins for a file the first one counts. */
export async function bundlePrograms(folder: string, version: string): Promise<Bundles> {
  const outdir = join(root, 'dist')
  const results = await Promise.all(
    programs.map(({ options }) => build({ ...options, outdir, plugins: [pinVersion(version), ...(options.plugins ?? [])], write: false, metafile: true })),
  )
  const files = results.flatMap(({ outputFiles }) => outputFiles)
  const inputs = results.flatMap(({ metafile }) => Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs)))
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).flatMap(([path]) => findPackage(path) ?? [])
  return {
    entries: files.map(({ path, contents }) => ({ path: join(folder, relative(outdir, path)), mode: 0o644, content: contents })),
    packages: [...new Set(used)].sort(),
  }
}

/** The folder of the innermost package that a file belongs to; `undefined` for our own. */
function findPackage(path: string): string | undefined {
  return /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}
