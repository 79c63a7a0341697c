/** Looks for the programs that daemon/install/programs.json lists. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import { childEnvironment } from '../service/environment.ts'
import programs from '../install/programs.json' with { type: 'json' }

export function checkPrograms(): Check[] {
  const folders = childEnvironment()['PATH']?.split(':') ?? []
  return programs
    .filter(({ groups }) => groups.includes('run') || groups.includes('image'))
    .map(({ program, package: name, why, need }) => {
      const found = folders.map((folder) => join(folder, program)).find(isExecutable)
      if (found) return { subject: program, status: 'ok', detail: found }
      return {
        subject: program,
        status: need === 'needed' ? 'missing' : 'degraded',
        detail: `not installed; ${why}`,
        remedy: `sudo apt-get install ${name}`,
      }
    })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
