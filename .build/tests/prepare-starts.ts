/** Makes the start of programs cheap for the time of a run: tests are some hundred processes, and start hundreds more. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleTap } from './bundle-tap.ts'

interface Prepared {
  /** URL of what a test file's process imports first. */
  readonly preload: string
  /** Removes what was prepared. */
  forget(): void
}

/** Sets NODE_COMPILE_CACHE (nodejs.org/api/module.html, "Module compile cache") for all that is started from here on. */
export async function prepareStarts(root: string): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-compiled-'))
  process.env['NODE_COMPILE_CACHE'] = folder
  // A process writes down what it has compiled when it ends, and most of the tests' daemons are killed.
  spawnSync(process.execPath, ['daemon/main.ts', '--version'], { cwd: root, stdio: 'ignore' })
  const preload = await bundleTap(join(folder, 'tap'))
  return { preload, forget: () => rmSync(folder, { recursive: true, force: true }) }
}
