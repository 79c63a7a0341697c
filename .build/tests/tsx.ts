/**
 * Lets Node load .tsx files, whose JSX its own type stripping does not know: `node --import ./.build/tests/tsx.ts`. What a file
 * comes to is kept beside what Node has compiled, where it does that (NODE_COMPILE_CACHE): esbuild takes a process a file.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire, getCompileCacheDir, registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('.tsx')) return nextLoad(url, context)
    const path = fileURLToPath(url)
    return { format: 'module', source: remember(path, readFileSync(path, 'utf8')), shortCircuit: true }
  },
})

function remember(path: string, source: string): string {
  const cache = getCompileCacheDir()
  if (cache === undefined) return transform(path, source)
  const kept = join(cache, 'tsx', `${createHash('sha256').update(`${path}\0${source}`).digest('hex')}.mjs`)
  try {
    return readFileSync(kept, 'utf8')
  } catch {
    const code = transform(path, source)
    mkdirSync(join(cache, 'tsx'), { recursive: true })
    // whole or not at all: others read it at the same time
    writeFileSync(`${kept}.${process.pid}`, code)
    renameSync(`${kept}.${process.pid}`, kept)
    return code
  }
}

function transform(path: string, source: string): string {
  // only where it is needed: it takes a while to load
  const { transformSync } = require('esbuild') as typeof import('esbuild')
  return transformSync(source, { loader: 'tsx', jsx: 'automatic', target: 'node24', sourcemap: 'inline', sourcefile: path }).code
}
