/** What the programs run on: Node itself, and koffi, which is the one npm package that cannot be bundled. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../programs.ts'
import type { Entry } from './entry.ts'

const node = `node_modules/node-linux-${process.arch}`
const koffi = 'node_modules/koffi'
const native = `node_modules/@koromix/koffi-linux-${process.arch}`

/** Folders of the npm packages that are installed as they are, or in part. */
export const runtimePackages: readonly string[] = [node, koffi]

/** koffi comes with libraries for other machines, its sources, and a loader for `require`, which nobody calls. */
const kept = [
  ...['package.json', 'index.js', 'src/koffi/index.js'].map((name) => join(koffi, name)),
  ...['package.json', 'index.js', `linux_${process.arch}/koffi.node`].map((name) => join(native, name)),
]

/**
 * To be installed in `folder`. Node keeps its symbols, which tell where it crashed: without them it would be smaller by
 * less than a tenth.
 */
export async function collectRuntime(folder: string): Promise<Entry[]> {
  return [
    { path: join(folder, 'node'), mode: 0o755, content: await readPart(join(node, 'bin/node')) },
    // Node need not try what kind of module the files beside this are
    { path: join(folder, 'package.json'), mode: 0o644, content: '{ "type": "module" }\n' },
    ...(await Promise.all(
      kept.map(async (path): Promise<Entry> => ({ path: join(folder, path), mode: 0o644, content: await readPart(path) })),
    )),
  ]
}

async function readPart(path: string): Promise<Uint8Array> {
  return await readFile(join(root, path)).catch((cause: unknown) => {
    throw new Error(`${path} cannot be read: npm ci puts it there, on x64 and arm64`, { cause })
  })
}
