/** Runs the programs that the builder needs, and explains their failures. */
import { execa, ExecaError } from 'execa'
import { UserError } from '../../../policy/errors.ts'
import programs from '../../install/programs.json' with { type: 'json' }
import { childEnvironment, hintInstall, locateProgram } from '../../service/environment.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Variables beside the daemon's own few for child processes. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Told each line of stderr as it comes. */
  readonly onLine?: (line: string) => void
}

export interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** What is read of an ExecaError, whose own type takes the compiler longer than all the rest of the sources. */
interface Failure {
  readonly code?: string | undefined
  readonly stderr?: string | undefined
  readonly shortMessage: string
}

/** As much of what a program prints as is kept; a program that prints more is ended. */
const OUTPUT_LIMIT = 16_777_216

/**
 * Runs a program to a good end. Throws UserError PROGRAM_MISSING, NO_SPACE, or IMAGE_BUILD_FAILED with the program's last words; the
 * signal's reason when that is aborted.
 */
export async function run(program: string, args: readonly string[], { signal, cwd, env, onLine }: RunOptions): Promise<Output> {
  signal.throwIfAborted()
  try {
    const child = execa(program, args, {
      env: { ...childEnvironment(), ...env },
      extendEnv: false,
      stdin: 'ignore',
      cancelSignal: signal,
      // What it was at is thrown away, and unshare(1) ignores SIGTERM.
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_LIMIT,
      ...(cwd !== undefined && { cwd }),
    })
    if (onLine) for await (const line of child.iterable({ from: 'stderr' })) onLine(line)
    return await child
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof ExecaError ? explain(program, error) : error
  }
}

/** Throws UserError PROGRAM_MISSING that names all of these that are not there, before anything is begun. */
export function requirePrograms(names: readonly string[]): void {
  const missing = names.filter((name) => locateProgram(name) === undefined)
  if (missing.length === 0) return
  const packages = programs.filter(({ program }) => missing.includes(program)).map((entry) => entry.package)
  throw new UserError('PROGRAM_MISSING', `Not installed: ${missing.join(', ')}; images are built with ${missing.length > 1 ? 'them' : 'it'}`, {
    hint: `Install what is missing: sudo apt-get install ${[...new Set(packages)].sort().join(' ')}`,
  })
}

function explain(program: string, error: Failure): UserError {
  const name = program.split('/').at(-1) ?? program
  const hint = hintInstall(name)
  if (error.code === 'ENOENT' && hint !== undefined) {
    return new UserError('PROGRAM_MISSING', `${name} is not installed; images are built with it`, { hint, cause: error })
  }
  const words = (error.stderr ?? '').trim()
  if (/No space left on device|Disk quota exceeded|Disk full/i.test(words)) {
    return new UserError('NO_SPACE', `${name} ran out of space`, {
      hint: 'Make room in the cache folder, or choose another one',
      cause: error,
    })
  }
  return new UserError('IMAGE_BUILD_FAILED', `${name} failed: ${words.split('\n').slice(-3).join('; ') || error.shortMessage}`, { cause: error })
}
