/** Runs `aetherscale` as a real process, on pipes or on a terminal of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../tui/main.ts', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process whose output can be waited for. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  /** Resolves when stdout and stderr together hold the text; rejects when the process ends before, or after a minute. */
  sees(text: string): Promise<void>
  /** What came so far. */
  shown(): string
  readonly ended: Promise<Outcome>
}

interface Teardown {
  teardown(clean: () => unknown): void
}

type Env = Readonly<Record<string, string>>

/** Runs to the end, with `input` on stdin. */
export function run(t: Teardown, args: readonly string[], options: { env?: Env; input?: string } = {}): Promise<Outcome> {
  const running = start(t, args, options.env)
  running.child.stdin.end(options.input ?? '')
  return running.ended
}

/** Starts it on pipes. */
export function start(t: Teardown, args: readonly string[], env: Env = {}): Running {
  return watch(t, spawn(process.execPath, [program, ...args], { env: { ...environment(), ...env } }))
}

/**
 * Starts a shell line on a pseudo-terminal, by script(1); `$NODE $PROGRAM` in it is aetherscale. What is written to stdin is
 * typed; stdout has what the terminal shows.
 */
export function startOnTerminal(t: Teardown, line: string, env: Env = {}): Running {
  const terminal = { TERM: 'xterm-256color', SHELL: '/bin/sh', NODE: process.execPath, PROGRAM: program }
  return watch(t, spawn('script', ['-qec', line, '/dev/null'], { env: { ...environment(), ...terminal, ...env } }))
}

function environment(): Env {
  const compiled = process.env['NODE_COMPILE_CACHE']
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }) }
}

function watch(t: Teardown, child: ChildProcessWithoutNullStreams): Running {
  let stdout = ''
  let stderr = ''
  const onOutput = new Set<() => void>()
  const tell = (): void => onOutput.forEach((listener) => listener())
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), tell()))
  child.stderr.setEncoding('utf8').on('data', (text: string) => ((stderr += text), tell()))
  child.stdin.on('error', () => {})
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  })
  const shown = (): string => `${stdout}\n${stderr}`
  const sees = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(deadline)
        onOutput.delete(look)
        settle()
      }
      const look = (): void => {
        if (shown().includes(text)) finish(resolve)
      }
      const deadline = setTimeout(() => finish(() => reject(new Error(`no ${text} within a minute in ${JSON.stringify(shown())}`))), 60_000)
      onOutput.add(look)
      child.once('close', () => finish(() => reject(new Error(`ended without ${text}: ${JSON.stringify(shown())}`))))
      look()
    })
  return { child, sees, shown, ended }
}
