/** The host's groups, as its name service tells them: /etc/group, or a directory. */
import { execa } from 'execa'
import { childEnvironment } from '../service/environment.ts'

export interface Group {
  readonly gid: number
  /** Those that the group itself lists; whoever has it as their primary group is not among them. */
  readonly members: readonly string[]
}

/** A directory that does not answer must not hold up the daemon for ever. */
const WITHIN_MS = 5000

/** `undefined` if there is no such group. */
export async function findGroup(name: string): Promise<Group | undefined> {
  const { stdout } = await execa('getent', ['group', '--', name], {
    reject: false,
    env: childEnvironment(),
    extendEnv: false,
    stdin: 'ignore',
    timeout: WITHIN_MS,
  })
  return parseGroup(stdout)
}

/** PURE: a line of group(5). */
export function parseGroup(line: string): Group | undefined {
  const [, gid, members] = /^[^:]+:[^:]*:(\d+):(.*)$/m.exec(line) ?? []
  return gid === undefined ? undefined : { gid: Number(gid), members: (members ?? '').split(',').filter(Boolean) }
}
