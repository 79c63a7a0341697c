/** Programs of the tests' own, for machines in which there is no checkout. */
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Bundles a program into one file in `folder`, `NAME.mjs`, which Node runs anywhere; answers its path. */
export async function bundleForBox(source: string, folder: string): Promise<string> {
  const outfile = join(folder, `${basename(source, '.ts')}.mjs`)
  await build({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'warning' })
  return outfile
}
