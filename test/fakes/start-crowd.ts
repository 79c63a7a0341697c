/** Starts the daemon of crowd.ts as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Teardown {
  teardown(clean: () => unknown): unknown
}

/** Answers the directory with its socket. */
export async function startCrowd(t: Teardown, vms: number, changesPerSecond: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'aetherscale-crowd-'))
  const program = fileURLToPath(new URL('crowd.ts', import.meta.url))
  const child = spawn(process.execPath, [program, directory, String(vms), String(changesPerSecond)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    const closed = once(child, 'close')
    child.kill()
    await closed
    await rm(directory, { recursive: true, force: true })
  })
  await once(child.stdout, 'data')
  return directory
}
