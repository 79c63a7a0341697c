/** Why a socket may not be opened, and what gives the right: membership of the group that owns it. */
import { readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'

/** What stands in the way: the socket, or the directory around it where even the socket cannot be seen. */
export interface Barrier {
  readonly path: string
  /** Name of the owning group, or its number where it has none. */
  readonly group: string
  /** Whether the group's members may pass. */
  readonly opensToGroup: boolean
  /** Names that /etc/group lists as members. */
  readonly members: readonly string[]
}

/** Who is asking: a name where the account has one, else the number. */
export interface Account {
  readonly user: string
}

/** Connecting needs the right to write to the socket, and to search its directories (unix(7)). */
const WRITE_BY_GROUP = 0o020
const SEARCH_BY_GROUP = 0o010

/** What the user can do about it, in one clause. */
export function remedyOf(barrier: Barrier | undefined, account: Account): string {
  if (!barrier) return 'its directory is closed to you: ask who runs the daemon'
  if (!barrier.opensToGroup) return `${barrier.path} is open to its owner alone: ask who runs the daemon`
  if (barrier.members.includes(account.user)) {
    return `you are in the group ${barrier.group}, and this session is older than that: log in again`
  }
  return `it belongs to the group ${barrier.group}: sudo usermod -aG ${barrier.group} ${account.user}, then log in again`
}

/** Looks at the paths from the inmost out; the first that can be seen is what bars the way. */
export async function findBarrier(...paths: readonly string[]): Promise<Barrier | undefined> {
  for (const path of paths) {
    try {
      const found = await stat(path)
      const needed = found.isDirectory() ? SEARCH_BY_GROUP : WRITE_BY_GROUP
      const group = findGroup(await readFile('/etc/group', 'utf8'), found.gid)
      return { path, opensToGroup: (found.mode & needed) !== 0, ...group }
    } catch {
      continue
    }
  }
  return undefined
}

export async function findAccount(): Promise<Account> {
  try {
    return { user: userInfo().username }
  } catch {
    return { user: String(process.getuid?.() ?? '$USER') }
  }
}

/** The group with this number in the text of group(5). */
export function findGroup(groupFile: string, gid: number): { group: string; members: string[] } {
  for (const line of groupFile.split('\n')) {
    const [group, , number, members = ''] = line.split(':')
    if (group && number === String(gid)) return { group, members: members.split(',').filter(Boolean) }
  }
  return { group: String(gid), members: [] }
}
