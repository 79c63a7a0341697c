/** What the programs run on: Node itself, and koffi, which is the one npm package that cannot be bundled. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from '../programs.ts'
import type { Entry } from './entry.ts'

const node = `node_modules/node-linux-${process.arch}`
const koffi = 'node_modules/koffi'
const library = `node_modules/@koromix/koffi-linux-${process.arch}`

/** Folders of the npm packages that are installed as they are, or in part. */
export const runtimePackages: readonly string[] = [node, koffi]

/**
 * To be installed in `folder`. Node keeps its symbols, which tell where it crashed: without them it would be smaller by
 * less than a tenth.
 */
export async function collectRuntime(folder: string): Promise<Entry[]> {
  // koffi comes with its sources, and with libraries for other machines
  const kept = [
    join(koffi, 'package.json'),
    ...(await listModules(join(koffi, 'index.js'))),
    ...['package.json', 'index.js', `linux_${process.arch}/koffi.node`].map((name) => join(library, name)),
  ]
  return [
    { path: join(folder, 'node'), mode: 0o755, content: await readPart(join(node, 'bin/node')) },
    // Node need not try what kind of module the files beside this are
    { path: join(folder, 'package.json'), mode: 0o644, content: '{ "type": "module" }\n' },
    ...(await Promise.all(
      kept.map(async (path): Promise<Entry> => ({ path: join(folder, path), mode: 0o644, content: await readPart(path) })),
    )),
  ]
}

/** A module and all that it imports from beside it. */
async function listModules(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    preserveSymlinks: true,
    write: false,
    metafile: true,
  })
  return Object.keys(metafile.inputs)
}

async function readPart(path: string): Promise<Uint8Array> {
  return await readFile(join(root, path)).catch((cause: unknown) => {
    throw new Error(`${path} cannot be read: npm ci puts it there, on x64 and arm64`, { cause })
  })
}
