/**
 * Namespaces in which a plain user is root over the files of an image: users and groups of the guest are subordinate ids of
 * the caller (subuid(5)), and root is the caller, so that what the guest's root owns lies in the caller's folders as their
 * own. Without a network: what is installed runs scripts, and those of Debian need none.
 */
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { UserError } from '../../../policy/errors.ts'
import { requirePrograms } from './program.ts'

/** A guest's users and groups lie below this, but for "nobody", who is 65534 everywhere. */
const IDS = 65_535

/**
 * PURE: the command in such namespaces, ended with whoever started it. The first process of a process namespace takes all
 * others with it; setpriv(1) comes after the change of the user, which the kernel has forget what it was told to do then.
 */
export function inNamespaces(argv: readonly string[], isRoot: boolean): [program: string, ...args: string[]] {
  const users = isRoot ? [] : ['unshare', '--user', '--map-root-user', '--map-auto', '--']
  const [program = '', ...args] = [
    ...users,
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', '--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child=KILL', '--'],
    ...argv,
  ]
  return [program, ...args]
}

/** Throws UserError PROGRAM_MISSING where a program is not there that this, or `programs`, takes; HOST_IO without subordinate ids. */
export async function requireNamespaces(programs: readonly string[]): Promise<void> {
  const { uid, username } = userInfo()
  requirePrograms(['unshare', 'setpriv', ...(uid === 0 ? [] : ['newuidmap']), ...programs])
  if (uid === 0) return
  for (const path of ['/etc/subuid', '/etc/subgid']) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (countIds(text, [username, String(uid)]) >= IDS) continue
    throw new UserError('HOST_IO', `${username} has no ${IDS + 1} subordinate ids in ${path}, which the users of a guest are while its image is built`, {
      hint: `sudo usermod --add-subuids 300000-365535 --add-subgids 300000-365535 ${username} (or any other range of 65536 that nobody has)`,
    })
  }
}

/** PURE: how many ids the largest range has that subuid(5) gives to any of these names. */
export function countIds(text: string, names: readonly string[]): number {
  const ranges = text.split('\n').map((line) => line.split(':'))
  return Math.max(0, ...ranges.filter(([name = '']) => names.includes(name)).map(([, , count]) => Number(count) || 0))
}
