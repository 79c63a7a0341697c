/** Whose daemon it is, and commands that whoever reads a remedy can run as they stand. */
import { userInfo } from 'node:os'
import type { Config } from '../config.ts'
import { quoteWord } from '../shell-word.ts'

/** The user that the daemon runs as; one without an account is `#UID`, as sudo(8) writes it. */
export interface Account {
  readonly uid: number
  readonly name: string
}

export function findAccount(): Account {
  const uid = process.getuid?.() ?? 0
  try {
    return { uid, name: userInfo().username }
  } catch {
    return { uid, name: `#${uid}` }
  }
}

/** Turns commands of the daemon's user into a line for whoever asked. */
export interface Remedies {
  /** Commands on that user's files, one after the other; `~` is not theirs. */
  asOwner(...commands: readonly string[]): string
  /** systemctl(1) on that user's manager. */
  systemctl(args: string): string
}

/** Where others may use the sockets, doctor's reader is likely one of them. */
export function createRemedies({ controlGroup, observeGroup }: Pick<Config, 'controlGroup' | 'observeGroup'>, { name }: Account): Remedies {
  const isShared = controlGroup !== undefined || observeGroup !== undefined
  const prefix = isShared ? `sudo -u ${quoteWord(name)} ` : ''
  return {
    asOwner: (...commands) => commands.map((command) => prefix + command).join(' && '),
    systemctl: (args) => (isShared ? `sudo systemctl --user -M ${quoteWord(name)}@ ${args}` : `systemctl --user ${args}`),
  }
}
