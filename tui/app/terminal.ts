/** The terminal beside the screen: lent to other programs, given back to the shell, left as it was found. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Instance, SuspendTerminal } from 'ink'
import type { Io } from '../cli/io.ts'
import { escapeControls } from '../cli/render/escape.ts'
import type { Globals } from '../cli/parse.ts'
import type { Terminal } from './context.ts'

export interface HeldTerminal extends Terminal {
  /** What lends the terminal, as soon as Ink has it. */
  readonly attach: (suspend: SuspendTerminal) => void
  /** Waits until the user has left. Whatever else ends the program, the terminal is restored first, and the reason printed where it can be read. */
  hold(instance: Instance): Promise<void>
}

export function openTerminal({ io, globals }: { readonly io: Io; readonly globals: Globals }): HeldTerminal {
  let suspend: SuspendTerminal | undefined
  let instance: Instance | undefined
  let isLent = false

  const lend = async (use: () => Promise<void> | void): Promise<void> => {
    if (!suspend || isLent) return
    isLent = true
    try {
      await suspend(async () => {
        await stopReading(io.stdin)
        await use()
        // The alternate screen begins where the cursor is, and a frame has to begin at the left.
        io.stdout.write('\r')
      })
    } finally {
      isLent = false
    }
  }
  const crash = (error: unknown): void => {
    instance?.unmount()
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    io.stderr.write(`aetherscale ended by an error of its own; please report it:\n${escapeControls(told, '\n')}\n`)
    process.exit(1)
  }
  const redraw = (): void => void lend(() => undefined)

  return {
    attach: (lender) => (suspend = lender),
    async hold(held) {
      instance = held
      process.on('uncaughtException', crash)
      process.on('unhandledRejection', crash)
      // Whoever stopped us from outside had the screen meanwhile.
      process.on('SIGCONT', redraw)
      try {
        await held.waitUntilExit()
      } catch (error) {
        // What a component threw: Ink has left the screen for it.
        crash(error)
      } finally {
        process.off('SIGCONT', redraw)
        process.off('unhandledRejection', crash)
        process.off('uncaughtException', crash)
      }
    },
    async run(argv, { waitForKey = false, input } = {}) {
      let status = 1
      await lend(async () => {
        status = await runCommand([...startingOptions(globals), ...argv], io, input)
        if (waitForKey === true || (waitForKey === 'on-failure' && status !== 0)) await awaitKey(io)
      })
      return status
    },
    stop: () =>
      void lend(() => {
        process.off('SIGCONT', redraw)
        // To all of the foreground job, as the terminal itself does it (termios(3), VSUSP).
        process.kill(0, 'SIGTSTP')
        process.on('SIGCONT', redraw)
      }),
    redraw,
    leave: () => instance?.unmount(),
  }
}

/**
 * Ink listens no more, but Node would still read what is typed next, and keep it: a key meant for another program would be
 * lost there, and do something here afterwards. Only a stream that flows tells that it is paused, and stops reading then.
 */
async function stopReading(stdin: NodeJS.ReadStream): Promise<void> {
  // That Ink listens no more is known to the stream a turn later; that it is paused, likewise.
  await nextTurn()
  stdin.resume()
  stdin.pause()
  await nextTurn()
}

/** The same program once more: what goes wrong there does not end the screen, and ctrl-C ends it alone. */
async function runCommand(argv: readonly string[], { program, env }: Io, input: string | undefined): Promise<number> {
  const outlive = (): void => {}
  process.on('SIGINT', outlive)
  try {
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(program), ...argv], { stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'], env })
    // Of one that ends without reading it.
    child.stdin?.on('error', () => undefined).end(input)
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  } finally {
    process.off('SIGINT', outlive)
  }
}

async function awaitKey({ stdin, stdout }: Io): Promise<void> {
  stdout.write('\nPress a key to go back.')
  stdin.setRawMode(true)
  // As Ink reads it: a stream that was paused would not be readable to it again.
  await once(stdin, 'readable')
  stdin.read()
  stdin.setRawMode(false)
  stdout.write('\r\n')
}

/** What this program was started with holds for those that it starts. */
function startingOptions({ socket, directory, color }: Globals): string[] {
  const where = socket !== undefined ? ['--socket', socket] : directory !== undefined ? ['--socket-dir', directory] : []
  return [...where, ...(color ? [] : ['--no-color'])]
}
