/** What Node has compiled is remembered for the time of a run: tests start programs of the sources some hundred times. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Sets NODE_COMPILE_CACHE (nodejs.org/api/module.html, "Module compile cache") for all that is started from here on; answers what removes it. */
export function rememberCompiled(root: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-compiled-'))
  process.env['NODE_COMPILE_CACHE'] = folder
  // A process writes down what it has compiled when it ends, and most of the tests' daemons are killed.
  spawnSync(process.execPath, ['daemon/main.ts', '--version'], { cwd: root, stdio: 'ignore' })
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
}
