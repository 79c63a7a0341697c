/**
 * One file of tap: of a small test's time, most went into finding and reading tap's two hundred modules, and React, with which
 * it shows elements.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** Bundles it into `folder`; answers the URL of what makes a process take it for tap: `node --import URL`. */
export async function bundleTap(folder: string): Promise<string> {
  // tap leaves out of the stacks that it shows what is in a package of this name
  const place = join(folder, 'node_modules', '@tapjs', 'bundle')
  const bundle = join(place, 'index.mjs')
  mkdirSync(place, { recursive: true })
  await build({
    entryPoints: ['tap'],
    absWorkingDir: import.meta.dirname,
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    keepNames: true,
    logLevel: 'error',
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url)" },
    plugins: [reactWhenNeeded],
  })
  const hook = join(folder, 'use-tap.mjs')
  writeFileSync(
    hook,
    `import { registerHooks } from 'node:module'
const tap = { url: ${JSON.stringify(pathToFileURL(bundle).href)}, format: 'module', shortCircuit: true }
registerHooks({ resolve: (specifier, context, next) => (specifier === 'tap' ? tap : next(specifier, context)) })
`,
  )
  return pathToFileURL(hook).href
}

/** What shows elements of React is read when one is to be shown, from where tap has it. */
const reactWhenNeeded: Plugin = {
  name: 'react-when-needed',
  setup({ onLoad }) {
    onLoad({ filter: /[/]react-element-to-jsx-string\.js$/ }, ({ path }) => ({
      contents: `import { createRequire } from 'node:module'
const require = createRequire(${JSON.stringify(pathToFileURL(path).href)})
export default (...args) => require('react-element-to-jsx-string').default(...args)`,
    }))
  },
}
