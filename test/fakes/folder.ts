/** A folder for one test, gone with it. Short, for sockets lie in there. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Test {
  teardown(clean: () => void): unknown
}

export function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'aether-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
