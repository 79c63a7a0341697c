/**
 * One program, one bundle: `npm run build [-- FOLDER]` writes dist/ (or the folder), which runs wherever it is copied
 * to, if `koffi` (a native library, loaded by the daemon alone) can be found in a node_modules beside or above it.
 *
 * The client comes in parts, for it loads lazily what a command does not need; the daemon is one file. Names are kept,
 * so that a stack trace can be read. The builder of the tiny image runs from the sources: it needs files beside it.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { BuildOptions, Plugin } from 'esbuild'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = resolve(root, process.argv[2] ?? 'dist')

/** Whoever imports package.json gets its version, and the bundle nothing else of it. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup(plugin) {
    const contents = JSON.stringify({ version: manifest.version })
    plugin.onLoad({ filter: /package\.json$/ }, ({ path }) =>
      path === join(root, 'package.json') ? { contents, loader: 'json' } : undefined,
    )
  },
}

const shared: BuildOptions = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: ['koffi'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [versionOnly],
}

/** CommonJS packages call `require`, which a module does not have. */
const requireBanner = "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);"

const programs: readonly BuildOptions[] = [
  {
    entryPoints: { aetherscale: 'tui/main.ts' },
    splitting: true,
    chunkNames: 'aetherscale-parts/[name]-[hash]',
  },
  { entryPoints: { aetherscaled: 'daemon/main.ts' }, banner: { js: requireBanner } },
]

await rm(outdir, { recursive: true, force: true })
const builds = await Promise.allSettled(programs.map(async (program) => await build({ ...shared, ...program })))
// esbuild has already said what is wrong
if (builds.some(({ status }) => status === 'rejected')) process.exitCode = 1
else await writeCommands(['aetherscale', 'aetherscaled'])

/**
 * `bin/NAME`, to be put on a PATH: runs the program with the Node of the checkout's packages where that is there, for the
 * system's own may be too old.
 */
async function writeCommands(names: readonly string[]): Promise<void> {
  await mkdir(join(outdir, 'bin'))
  for (const name of names) {
    const script = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node=$here/../../node_modules/.bin/node
[ -x "$node" ] || node=node
exec "$node" "$here/../${name}.js" "$@"
`
    await writeFile(join(outdir, 'bin', name), script, { mode: 0o755 })
  }
}
