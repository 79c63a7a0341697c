/** The programs that are bundled, and how. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'
import manifest from '../package.json' with { type: 'json' }

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Whoever imports package.json gets the version, and the bundle nothing else of it. */
export const pinVersion = (version: string): Plugin => ({
  name: 'pin-version',
  setup(plugin) {
    const contents = JSON.stringify({ version })
    plugin.onLoad({ filter: /package\.json$/ }, ({ path }) =>
      path === join(root, 'package.json') ? { contents, loader: 'json' } : undefined,
    )
  },
})

/** CommonJS packages call `require`, which a module does not have. */
const requireBanner = "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);"

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: ['koffi'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [pinVersion(manifest.version)],
}

export interface Program {
  readonly name: string
  readonly options: BuildOptions
  readonly nodeFlags: readonly string[]
}

/**
 * Ink without what only its developers have, and without what makes each start slow:
 *
 * - Its layout engine, WebAssembly in base64, would be loaded by fetch() of a data: URL, which is 25 ms of HTTP client; where
 *   there is no fetch it decodes the text itself.
 * - All emoji as one regular expression take 20 ms to read. Each has a character beyond ASCII in it, and one with the property
 *   Emoji (Unicode TR51), which is cheap to look for first; what is drawn here has none with both.
 */
const trimInk: Plugin = {
  name: 'trim-ink',
  setup(plugin) {
    plugin.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'absent' }))
    plugin.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: '' }))
    plugin.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({
      contents: `const fetch = undefined;${await readFile(path, 'utf8')}`,
    }))
    plugin.onLoad({ filter: /string-width\/index\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const literal = String.raw`/^\p{RGI_Emoji}$/v`
      if (!source.includes(literal)) throw new Error(`${path} has no ${literal} any more: look whether it is still slow to load`)
      const late = String.raw`(() => {
        const beyond = /[^\0-\x7f]/
        const some = new RegExp('\\p{Emoji}', 'u')
        let all
        return { test: (text) => beyond.test(text) && some.test(text) && (all ??= new RegExp('^\\p{RGI_Emoji}$', 'v')).test(text) }
      })()`
      return { contents: source.replace(literal, () => late) }
    })
  },
}

const client: Program = {
  name: 'aetherscale',
  options: {
    ...shared,
    entryPoints: { aetherscale: 'tui/main.ts' },
    splitting: true,
    chunkNames: 'aetherscale-parts/[name]-[hash]',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: { js: requireBanner },
    plugins: [...shared.plugins!, trimInk],
  },
  nodeFlags: [],
}

const daemon: Program = {
  name: 'aetherscaled',
  options: { ...shared, entryPoints: { aetherscaled: 'daemon/main.ts' }, banner: { js: requireBanner } },
  // Images are pulled through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name.
  nodeFlags: ['--use-env-proxy', '--use-system-ca'],
}

/**
 * What runs with a privilege runs no code but its own: nothing is compiled or evaluated on the way. It makes garbage
 * slowly and lives long, so that V8's usual young generation would hold a hundred MiB of it.
 */
export const helper: Program = {
  name: 'aetherscale-net',
  options: { ...shared, entryPoints: { 'aetherscale-net': 'helper/main.ts' } },
  nodeFlags: ['--jitless', '--disallow-code-generation-from-strings', '--max-semi-space-size=1'],
}

/** Runs as root, once, and ends: it is one file, so that its owner is easily looked at. */
const setup: Program = {
  name: 'aetherscale-setup',
  options: { ...shared, entryPoints: { 'aetherscale-setup': 'daemon/install/setup/main.ts' } },
  nodeFlags: [],
}

/** What the units of VMs run: to have taps made, and to ask a guest to power down. */
const taps: Program = {
  name: 'aetherscale-taps',
  options: { ...shared, entryPoints: { 'aetherscale-taps': 'daemon/taps/main.ts' }, banner: { js: requireBanner } },
  nodeFlags: [],
}
const powerdown: Program = {
  name: 'aetherscale-powerdown',
  options: { ...shared, entryPoints: { 'aetherscale-powerdown': 'daemon/service/systemd/powerdown.ts' } },
  nodeFlags: [],
}

/** Builds images; the files that go into them lie beside it (image-files.ts). */
const image: Program = {
  name: 'aetherscale-image',
  options: { ...shared, entryPoints: { 'aetherscale-image': 'daemon/image/builder/main.ts' }, banner: { js: requireBanner } },
  nodeFlags: [],
}

export const programs: readonly Program[] = [client, daemon, taps, powerdown, helper, setup, image]
