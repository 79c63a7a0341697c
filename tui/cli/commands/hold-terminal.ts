/** Raw mode, and the way back from it, whichever way the program ends. */
import type { Io } from '../io.ts'

/** Signals that end a program, with their numbers (signal(7)): the exit status is 128 more. */
const ending = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const
type Ending = keyof typeof ending
const endings = Object.keys(ending) as Ending[]

/** The title is put aside, for a guest may set one of its own (XTWINOPS 22). */
const SAVE = '\u001b[22;2t'

/**
 * What a guest may have left the terminal in, undone (xterm's control sequences). DECSTR alone would do much of it, but
 * tmux and the kernel's own console do not know it.
 */
const RESTORE = [
  '\u0018', // a sequence that has no end yet, as which the terminal would take all that follows
  '\u001b[?9;1000;1002;1003;1004;1005;1006;1015;2004;2026l', // reports of mouse and focus, bracketed paste, held back output
  '\u001b[?47l', // the alternate screen
  '\u001b7\u001b[?6l\u001b[?69l\u001b[r\u001b8', // margins, which take the cursor to the first line: it is put back
  '\u001b[!p', // what is left of DECSTR
  '\u001b[4l\u001b[20l', // insert mode, newline mode
  '\u001b[?1l\u001b>\u001b[>4m\u001b[=0u', // cursor keys, keypad, further ways to report keys
  '\u001b[?5l\u001b[?7h\u001b[?25h', // reverse video off, wrapping and the cursor on
  '\u001b(B\u001b)B\u000f', // character sets
  '\u001b[m',
  '\u001b[23;2t', // the title of before
].join('')

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
  if (stdout.isTTY) stdout.write(SAVE)
  process.on('exit', release)
  process.on('SIGCONT', resume)
  for (const signal of endings) process.on(signal, end)
  return release
}
