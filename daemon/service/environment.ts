/** The environment that child processes get: nothing of the daemon's own, only where programs are. */
import { accessSync, constants } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import programs from '../install/programs.json' with { type: 'json' }

/** Where Debian keeps programs; /usr/sbin and /sbin are not on a plain user's PATH. */
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export function childEnvironment(): Record<string, string> {
  return { PATH: PROGRAM_FOLDERS.join(':'), LC_ALL: 'C' }
}

/** The program's absolute path, looked for where a child would look; `undefined` if it is not installed. */
export function locateProgram(program: string): string | undefined {
  const folders = isAbsolute(program) ? ['/'] : PROGRAM_FOLDERS
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

/** {@link locateProgram}. Throws UserError PROGRAM_MISSING. */
export function findProgram(program: string): string {
  const path = locateProgram(program)
  if (path !== undefined) return path
  const hint = hintInstall(program)
  throw new UserError('PROGRAM_MISSING', `${program} is not installed`, { ...(hint !== undefined && { hint }) })
}

/** What to do about a program of ours that is missing; `undefined` for one that programs.json does not list. */
export function hintInstall(program: string): string | undefined {
  const listed = programs.find((entry) => entry.program === program)
  return listed && `Install it: sudo apt-get install ${listed.package}`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
