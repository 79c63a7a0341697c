/** The allowlist as it lies on the disk. It counts only if nobody but root can have written it. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { Allowlist } from '../policy/privileged/allowlist.ts'
import type { Principal } from './decide.ts'
import { refuse } from './refusal.ts'

/** Whom the file grants what, by uid. Throws NET_DENIED that says in words why it counts for nothing. */
export function readAllowlist(path: string): ReturnType<typeof parseAllowlist> {
  let fd: number | undefined
  try {
    requireRootsOnly(dirname(path), lstatSync(dirname(path)), 'isDirectory')
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    requireRootsOnly(path, fstatSync(fd), 'isFile')
    return parseAllowlist(readFileSync(fd, 'utf8'), readFileSync('/etc/passwd', 'utf8'))
  } catch (error) {
    return refuse('NET_DENIED', `Everything is denied: ${(error as Error).message}`, 'To see what is wrong: aetherscale-net check')
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function requireRootsOnly(path: string, stats: Stats, isRightKind: 'isFile' | 'isDirectory'): void {
  if (!stats[isRightKind]() || stats.size > 1_048_576) throw new Error(`${path} is not a plain file or folder of at most 1 MiB`)
  if (stats.uid !== 0 || stats.mode & 0o022) throw new Error(`${path} can be written by others than root: chown root, chmod go-w`)
}

/** PURE. `accounts` is the text of passwd(5); entries for names that are not in there are `unknown`. */
export function parseAllowlist(text: string, accounts: string): { principals: ReadonlyMap<number, Principal>; unknown: string[] } {
  const { data, error } = Allowlist.safeParse(JSON.parse(text))
  if (!data) throw new Error(error.issues.map(({ path, code }) => `${path.join('.') || 'it'} does not fit: ${code}`).join('; '))
  const uids = new Map(accounts.split('\n').map((line) => line.split(':')).map(([name = '', , uid]) => [name, uid]))
  const principals = new Map<number, Principal>()
  const unknown: string[] = []
  for (const [entry, grant] of Object.entries(data.principals)) {
    const uid = /^\d/.test(entry) ? entry : uids.get(entry)
    if (uid === undefined) unknown.push(entry)
    else if (principals.has(Number(uid))) throw new Error(`two entries of principals are for uid ${uid}; one is "${entry}"`)
    else principals.set(Number(uid), { uid: Number(uid), names: [uid, ...[...uids.keys()].filter((name) => uids.get(name) === uid)], grant })
  }
  return { principals, unknown }
}

/** The same in words, for the admin. Throws as {@link readAllowlist} does. */
export function explainAllowlist(path: string): string {
  const { principals, unknown } = readAllowlist(path)
  const grants = Array.from(principals.values(), ({ names: [uid, name], grant: { bridges, prefix = 'none', services, quota } }) =>
    `uid ${uid} (${name ?? 'no account'}): ${quota.taps} taps, ${quota.bridges} private networks; bridges of the host: ${bridges.join(', ') || 'none'}; prefixes: ${prefix}; of this host's services its guests on private networks reach: ${services.join(', ') || 'none'}\n`)
  const nobody = unknown.map((entry) => `"${entry}" is nobody: /etc/passwd has no such account. If it comes from elsewhere, write its uid.\n`)
  return `${[...grants, ...nobody].join('')}Whoever is not named here may do nothing.\n`
}
