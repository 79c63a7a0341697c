/** Looks for the programs that daemon/install/programs.json lists. */
import type { Check } from '../../policy/api/system.ts'
import { locateProgram } from '../service/environment.ts'
import programs from '../install/programs.json' with { type: 'json' }

export function checkPrograms(): Check[] {
  return programs
    .filter(({ groups }) => groups.some((group) => group === 'run' || group === 'image' || group === 'first-boot'))
    .map(({ program, package: name, why, need }) => {
      const found = locateProgram(program)
      if (found) return { subject: program, status: 'ok', detail: found }
      return {
        subject: program,
        status: need === 'needed' ? 'missing' : 'degraded',
        detail: `not installed; ${why}`,
        remedy: `sudo apt-get install ${name}`,
      }
    })
}
