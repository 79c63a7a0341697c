/** A program on a pseudo-terminal, and what a terminal shows of it. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import xterm from '@xterm/headless'
import { startOnTerminal } from './command-process.ts'

export interface PtyProcess {
  /** Process id of the program itself. */
  readonly pid: number
  /** All that it has written so far, control sequences and all. */
  output(): string
  /** Types. */
  write(keys: string): void
  /** What the terminal shows now, a line each. */
  lines(): string[]
  /** The terminal itself, for who wants its cells. */
  readonly terminal: xterm.Terminal
  /** Waits until the terminal shows what matches. */
  sees(pattern: RegExp): Promise<void>
  /** Exit status, once it has ended; 128 and the number for a signal, as a shell tells it. */
  readonly ended: Promise<number>
}

interface Teardown {
  teardown(clean: () => unknown): void
}

export interface PtyOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
}

/** How long something on the screen is waited for, in ms: as long as a busy machine may take. */
const PATIENCE = 30_000

export async function startOnPty(t: Teardown, argv: readonly string[], { env = {}, columns = 80, rows = 24 }: PtyOptions = {}): Promise<PtyProcess> {
  const words = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const { child, ended } = startOnTerminal(t, `stty cols ${columns} rows ${rows}; printf 'pid:%s;' $$; exec ${words}`, { LANG: 'C.UTF-8', ...env })
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  let output = ''
  child.stdout.on('data', (text: string) => {
    output += text
    terminal.write(text)
  })
  const lines = (): string[] => {
    const { buffer: { active } } = terminal
    return Array.from({ length: rows }, (_unused, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '')
  }
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    for (let waited = 0; waited < PATIENCE; waited += 5) {
      if (isSo()) return
      await pause(5)
    }
    throw new Error(`${what} is not on the screen, but\n${lines().join('\n')}`)
  }
  await until(() => /pid:\d+;/.test(output), 'the process id')
  return {
    pid: Number(/pid:(\d+);/.exec(output)![1]),
    output: () => output,
    write: (keys) => void child.stdin.write(keys),
    lines,
    terminal,
    sees: async (pattern) => await until(() => pattern.test(lines().join('\n')), String(pattern)),
    ended: ended.then(({ status }) => status ?? 1),
  }
}

/** `aetherscale` from the sources, as `process.execPath` is to run it. */
export const aetherscaleFromSource: readonly string[] = [
  process.execPath,
  '--import',
  new URL('../../.build/tests/tsx.ts', import.meta.url).href,
  fileURLToPath(new URL('../../tui/main.ts', import.meta.url)),
]

/** Seconds of CPU that a process has used (proc(5), stat: utime and stime, in ticks of a hundredth). */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
