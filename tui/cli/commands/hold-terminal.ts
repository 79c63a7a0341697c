/** Raw mode, and the way back from it, whichever way the program ends. */
import type { Io } from '../io.ts'

/** Signals that end a program, with their numbers (signal(7)): the exit status is 128 more. */
const ending = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const
type Ending = keyof typeof ending
const endings = Object.keys(ending) as Ending[]

/**
 * What a guest may have left the terminal in, undone: soft reset (DECSTR: cursor, colours, margins, character sets), mouse
 * reports, focus reports, bracketed paste, the alternate screen (xterm's control sequences, DECRST).
 */
const RESTORE =
  '\u001b[!p\u001b[?9;1000;1002;1003;1004;1005;1006;1015;2004l\u001b[?47l\u001b[?7h\u001b>\u000f'

/**
 * Puts the terminal into raw mode: every key goes to the guest, Ctrl-C too. The answer gives it back, once; so does any exit
 * of the process, and a signal that ends it does so after the terminal is back.
 */
export function holdTerminal({ stdin, stdout }: Io): () => void {
  let held = true
  const release = (): void => {
    if (!held) return
    held = false
    stdin.setRawMode(false)
    if (stdout.isTTY) stdout.write(RESTORE)
    process.off('exit', release)
    process.off('SIGCONT', resume)
    for (const signal of endings) process.off(signal, end)
  }
  const end = (signal: Ending): void => {
    release()
    process.exit(128 + ending[signal])
  }
  /** Whoever stopped us and had the terminal meanwhile left it in its own mode. */
  const resume = (): void => {
    stdin.setRawMode(false)
    stdin.setRawMode(true)
  }
  stdin.setRawMode(true)
  process.on('exit', release)
  process.on('SIGCONT', resume)
  for (const signal of endings) process.on(signal, end)
  return release
}
