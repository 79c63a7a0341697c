/** Runs programs with an environment of our own: nothing of the caller's gets into what root starts. */
import { spawnSync } from 'node:child_process'
import type { Account } from './facts.ts'
import { programs } from './places.ts'

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
/** Ends a program that hangs; VMs that are shut down may take a minute each, all at the same time. */
const LIMIT_MS = 10 * 60_000

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  /** Its last words. */
  readonly words: string
}

/**
 * Runs it to its end. With an account, as that user: without a terminal that it could type into, and with the bus of the
 * user's own manager.
 */
export function runProgram(argv: readonly string[], { account, input = '' }: { readonly account?: Account | undefined; readonly input?: string } = {}): Ended {
  const [program, ...args] = account ? [...become(account), ...argv] : argv
  const env = { PATH, LC_ALL: 'C.UTF-8', ...(account && environmentOf(account)) }
  const { status, stdout, stderr, error, signal } = spawnSync(program!, args, { cwd: '/', env, input, encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 2 ** 26 })
  // what did not start, or did not end, has no output
  if (error) return { status, stdout: '', words: error.message }
  const lines = stderr.trim().split('\n')
  return { status, stdout, words: lines.slice(-3).join('; ') || (signal ? `ended by ${signal}` : '') }
}

function become({ uid, gid }: Account): string[] {
  if (process.getuid?.() !== 0) return []
  return [programs.setsid, '--wait', programs.setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--no-new-privs', '--']
}

function environmentOf({ name, uid, home }: Account): Record<string, string> {
  const runtime = `/run/user/${uid}`
  return { HOME: home, USER: name, LOGNAME: name, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus` }
}
