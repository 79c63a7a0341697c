/** Running programs that work on disks: found first, a minimal environment, an end by SIGKILL. */
import type { WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import { childEnvironment, findProgram } from '../service/environment.ts'

/** How a program ended. */
export interface ProgramResult {
  /** Absent where a signal ended it. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly isCanceled: boolean
}

export interface ProgramOptions {
  /** After this it gets SIGKILL; without it, it may take for ever. */
  readonly timeoutMs?: number
  /** Aborting it sends SIGKILL as well. */
  readonly signal?: AbortSignal | undefined
  /** Takes stdout as it comes; then none of it is in the result. */
  readonly onOutput?: (text: string) => void
  /** The file that stdout goes to, opened; then none of it is in the result. */
  readonly output?: WriteStream
  readonly input?: Readable
  /** Beside what every program of ours gets. */
  readonly env?: Readonly<Record<string, string>>
}

/** Characters kept of each stream; a program that prints more gets SIGKILL. */
const OUTPUT_LIMIT = 1_048_576

/**
 * Runs a program to its end, however it ends. It does not outlive the daemon: a copy or a probe that nobody waits for any
 * more would go on for ever. Throws UserError PROGRAM_MISSING.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, signal, onOutput, output, input, env }: ProgramOptions = {},
): Promise<ProgramResult> {
  // prctl(2), PR_SET_PDEATHSIG: kept across execve(2), so the program itself is the child.
  const child = execa(findProgram('setpriv'), ['--pdeathsig', 'KILL', '--', findProgram(program), ...args], {
    env: { ...childEnvironment(), ...env },
    extendEnv: false,
    ...(input ? { input } : { stdin: 'ignore' as const }),
    stdout: output ?? 'pipe',
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_LIMIT,
    reject: false,
    buffer: { stdout: !onOutput },
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(signal && { cancelSignal: signal }),
  })
  if (onOutput) child.stdout?.setEncoding('latin1').on('data', onOutput)
  const { exitCode, signal: endedBy, stdout, stderr, timedOut, isCanceled } = await child
  return { exitCode, signal: endedBy, stdout: stdout ?? '', stderr, timedOut, isCanceled }
}
