/** Talking to the user manager by systemctl(1). */
import { execa } from 'execa'
import { UserError } from '../../../policy/errors.ts'
import { childEnvironment } from '../environment.ts'

export interface Systemctl {
  /** Throws SERVICE_MANAGER_FAILED with what systemctl says. */
  run(...args: string[]): Promise<void>
  /** Properties of a unit, or of the manager where `unit` is not said. Throws as `run` does. */
  show<K extends string>(properties: readonly K[], unit?: string): Promise<Record<K, string>>
}

/** A manager that hangs would hold up the queue of a VM for ever. A unit's stop may take its whole ladder. */
const WITHIN_MS = 150_000

export function createSystemctl(userRuntime: string): Systemctl {
  const call = async (args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr, timedOut } = await execa('systemctl', ['--user', '--no-pager', '--no-ask-password', ...args], {
      env: { ...childEnvironment(), XDG_RUNTIME_DIR: userRuntime },
      extendEnv: false,
      stdin: 'ignore',
      timeout: WITHIN_MS,
      reject: false,
    })
    if (exitCode === 0) return stdout
    const why = timedOut ? `no answer within ${WITHIN_MS / 1000} s` : stderr.trim() || `status ${exitCode ?? 'unknown'}`
    throw new UserError('SERVICE_MANAGER_FAILED', `systemctl --user ${args.join(' ')}: ${why}`, {
      hint: 'What the user manager has to say: journalctl --user -n 50',
    })
  }
  return {
    async run(...args) {
      await call(args)
    },
    async show(properties, unit) {
      const answer = await call(['show', `--property=${properties.join(',')}`, ...(unit === undefined ? [] : ['--', unit])])
      const pairs = answer.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
      const found = new Map(pairs)
      return Object.fromEntries(properties.map((name) => [name, found.get(name) ?? ''])) as Record<(typeof properties)[number], string>
    },
  }
}
