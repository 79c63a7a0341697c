/** Runs the programs that the builder needs, and explains their failures. */
import { execa, ExecaError } from 'execa'
import { UserError } from '../../../policy/errors.ts'
import { childEnvironment, hintInstall } from '../../service/environment.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Variables beside the daemon's own few for child processes. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface Output {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to a good end. Throws UserError PROGRAM_MISSING, NO_SPACE, or HOST_IO with the program's last words; the
 * signal's reason when that is aborted.
 */
export async function run(program: string, args: readonly string[], { signal, cwd, env }: RunOptions): Promise<Output> {
  signal.throwIfAborted()
  try {
    return await execa(program, args, {
      env: { ...childEnvironment(), ...env },
      extendEnv: false,
      stdin: 'ignore',
      cancelSignal: signal,
      ...(cwd !== undefined && { cwd }),
    })
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof ExecaError ? explain(program, error as ExecaError) : error
  }
}

function explain(program: string, error: ExecaError): UserError {
  const name = program.split('/').at(-1) ?? program
  const hint = hintInstall(name)
  if (error.code === 'ENOENT' && hint !== undefined) {
    return new UserError('PROGRAM_MISSING', `${name} is not installed; the tiny image is built with it`, { hint, cause: error })
  }
  const words = String(error.stderr ?? '').trim()
  if (/No space left on device|Disk quota exceeded|Disk full/i.test(words)) {
    return new UserError('NO_SPACE', `${name} ran out of space`, {
      hint: 'The build needs 400 MB in the cache folder; --cache chooses another one',
      cause: error,
    })
  }
  return new UserError('HOST_IO', `${name} failed: ${words.split('\n').slice(-3).join('; ') || error.shortMessage}`, { cause: error })
}
