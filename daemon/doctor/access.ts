/** Looks at who may use the daemon's sockets: the groups of the configuration, and the sockets as they lie there. */
import { lstat, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import { CONTROL_SOCKET, OBSERVE_SOCKET } from '../../policy/wire.ts'
import type { Config } from '../config.ts'
import { findGroup, type Group } from '../rpc/group.ts'
import { quoteWord } from '../shell-word.ts'
import type { Account, Remedies } from './account.ts'

interface Access {
  readonly config: Pick<Config, 'folders' | 'controlGroup' | 'observeGroup'>
  readonly account: Account
  readonly remedies: Remedies
  /** Whether a daemon is to have made its sockets. */
  readonly isServing: boolean
  /** Groups that this process may give a file to. */
  readonly ownGroups?: readonly number[]
}

export async function checkAccess(access: Access): Promise<Check[]> {
  const { controlGroup, observeGroup } = access.config
  const doors = [
    { what: 'control', name: controlGroup, socket: CONTROL_SOCKET },
    { what: 'observe', name: observeGroup, socket: OBSERVE_SOCKET },
  ]
  const checks = await Promise.all(
    doors.map(async ({ what, name, socket }): Promise<Check[]> => {
      const group = name === undefined ? undefined : await findGroup(name)
      const ofGroup = name === undefined ? [] : [await checkGroup(`${what} group`, name, group, access)]
      if (name !== undefined && !group) return ofGroup
      return [...ofGroup, ...(await checkSocket(join(access.config.folders.sockets, socket), socket, name, group, access))]
    }),
  )
  return checks.flat()
}

async function checkGroup(subject: string, name: string, group: Group | undefined, access: Access): Promise<Check> {
  const { account, ownGroups = [process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])] } = access
  if (!group) return { subject, status: 'missing', detail: `there is no group ${name}`, remedy: `sudo groupadd --system ${name}` }
  const members = [...new Set([...group.members, ...(await membersByAccount(group.gid))])].sort()
  // chown(2): without a privilege a file can be given to a group only that one is in.
  if (account.uid === 0 || ownGroups.includes(group.gid)) {
    return { subject, status: 'ok', detail: `${name}, gid ${group.gid}: ${members.join(', ') || 'nobody'}` }
  }
  if (members.includes(account.name)) {
    const remedy = `log in again as ${account.name}, or, which ends what the user runs: sudo systemctl restart user@${account.uid}.service`
    return { subject, status: 'missing', detail: `${account.name} is in the group ${name}, and this session is older than that`, remedy }
  }
  const remedy = `sudo usermod -aG ${name} ${quoteWord(account.name)}`
  return { subject, status: 'missing', detail: `${account.name} is not in the group ${name}, and cannot give it the socket`, remedy }
}

/** Those of /etc/passwd who have it as their primary group. */
async function membersByAccount(gid: number): Promise<string[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  return lines.flatMap(([name = '', , , primary]) => (Number(primary) === gid && primary !== '' ? [name] : []))
}

async function checkSocket(path: string, subject: string, name: string | undefined, group: Group | undefined, access: Access): Promise<Check[]> {
  const { account, remedies: { asOwner, systemctl }, isServing } = access
  const found = await lstat(path).catch(() => undefined)
  if (!found) {
    if (!isServing) return []
    return [{ subject, status: 'missing', detail: `${path} was taken away from under the daemon`, remedy: systemctl('restart aetherscaled') }]
  }
  if (!found.isSocket()) return [{ subject, status: 'missing', detail: `${path} is no socket`, remedy: asOwner(`rm -r ${quoteWord(path)}`) }]
  if (found.uid !== account.uid) return [{ subject, status: 'missing', detail: `${path} is uid ${found.uid}'s, and not the daemon's` }]
  const mode = group ? 0o660 : 0o600
  if ((found.mode & 0o777) !== mode || (group && found.gid !== group.gid)) {
    const should = group ? `${showMode(mode)} with group ${name ?? ''}` : showMode(mode)
    const commands = [...(name === undefined ? [] : [`chgrp ${name} ${quoteWord(path)}`]), `chmod ${showMode(mode)} ${quoteWord(path)}`]
    const detail = `${path} is ${showMode(found.mode)} with gid ${found.gid}, and should be ${should}`
    return [{ subject, status: 'degraded', detail, remedy: asOwner(...commands) }]
  }
  const barrier = group && (await findBarrier(dirname(path), group.gid))
  if (barrier !== undefined) {
    const isOurs = barrier === access.config.folders.sockets
    const remedy = isOurs ? asOwner(`chmod a+x ${quoteWord(barrier)}`) : 'in daemon.json: "sockets": "/run/aetherscale"'
    return [{ subject, status: 'degraded', detail: `${path}: the group ${name ?? ''} may not search ${barrier}`, remedy }]
  }
  return [{ subject, status: 'ok', detail: `${path}, for ${group ? `the group ${name ?? ''}` : `${account.name} alone`}` }]
}

const showMode = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')

/** The outermost folder on the way that members of the group, who have no other right, cannot pass (path_resolution(7)). */
async function findBarrier(folder: string, gid: number): Promise<string | undefined> {
  const parent = dirname(folder)
  const outer = parent === folder ? undefined : await findBarrier(parent, gid)
  if (outer !== undefined) return outer
  const { mode, gid: owner } = await stat(folder)
  return (mode & (owner === gid ? 0o010 : 0o001)) === 0 ? folder : undefined
}
