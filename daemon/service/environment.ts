/** The environment that child processes get: nothing of the daemon's own but where programs are and the runtime folder. */

/** Where Debian keeps programs; /usr/sbin and /sbin are not on a plain user's PATH. */
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export function childEnvironment(): Record<string, string> {
  return { PATH: PROGRAM_FOLDERS.join(':'), LC_ALL: 'C' }
}
