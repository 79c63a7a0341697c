/**
 * One program, one bundle: `npm run build [-- FOLDER]` writes dist/ (or the folder), which runs wherever it is copied
 * to, if `koffi` (a native library, loaded by the daemon alone) can be found in a node_modules beside or above it.
 *
 * The client comes in parts, for it loads lazily what a command does not need; daemon and helper are one file each. Names
 * are kept, so that a stack trace can be read. The builder of images has the files that go into them beside it.
 */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { listImageFiles } from './image-files.ts'
import { programs, root } from './programs.ts'

const outdir = resolve(root, process.argv[2] ?? 'dist')

await rm(outdir, { recursive: true, force: true })
const builds = await Promise.allSettled(programs.map(async ({ options }) => await build({ ...options, outdir })))
// esbuild has already said what is wrong
if (builds.some(({ status }) => status === 'rejected')) process.exitCode = 1
else await Promise.all([writeCommands(), copyImageFiles()])

/**
 * `bin/NAME`, to be put on a PATH: runs the program with the Node of the checkout's packages where that is there, for the
 * system's own may be too old.
 */
async function writeCommands(): Promise<void> {
  await mkdir(join(outdir, 'bin'))
  for (const { name, nodeFlags } of programs) {
    const script = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node=$here/../../node_modules/.bin/node
[ -x "$node" ] || node=node
exec ${['"$node"', ...nodeFlags, `"$here/../${name}.js"`, '"$@"'].join(' ')}
`
    await writeFile(join(outdir, 'bin', name), script, { mode: 0o755 })
  }
}

async function copyImageFiles(): Promise<void> {
  for (const { source, path } of await listImageFiles()) {
    await mkdir(dirname(join(outdir, path)), { recursive: true })
    await copyFile(join(root, source), join(outdir, path))
  }
}
