/** `aetherscale` without a command, on a terminal: from the process's streams to a screen, and back to the shell as it was. */
import { homedir } from 'node:os'
import { render } from 'ink'
import type { Globals } from '../cli/parse.ts'
import type { Io } from '../cli/io.ts'
import { App } from './app.tsx'
import type { Context } from './context.ts'
import { readFileNow } from './files/read-file.ts'
import { pasteText, pressKey } from './keys/route.ts'
import { holdLink } from './link/link.ts'
import { createOperate } from './link/operate.ts'
import { firstView } from './screens/vms/first-view.ts'
import { createStore } from './model/store.ts'
import { emptyWorld } from './model/world.ts'
import { openTerminal } from './terminal.ts'
import { createTheme } from './theme/theme.ts'

/** Resolves with the exit status when the user has left. */
export async function startTerminal(io: Io, globals: Globals): Promise<number> {
  const { stdout, stdin, stderr, env } = io
  const store = createStore({ size: sizeOf(stdout), now: Date.now(), world: emptyWorld, stack: [firstView] })
  const { socket, directory } = globals
  const link = holdLink({ env, ...(socket !== undefined && { socket }), ...(directory !== undefined && { directory }) }, store)
  // What is there within a moment is in the first frame.
  await Promise.race([link.ready, new Promise((resolve) => setTimeout(resolve, FIRST_FRAME_MS))])

  const terminal = openTerminal({ io, globals })
  const context: Context = {
    get: store.get,
    change: store.change,
    link,
    terminal,
    place: { cwd: () => io.cwd, home: env['HOME'] || homedir(), readFile: readFileNow },
    operate: createOperate(link, store),
  }
  const screenReader = globals.screenReader || env['INK_SCREEN_READER'] === 'true'
  const app = (
    <App
      store={store}
      theme={createTheme(env, stdout, { color: globals.color, spoken: screenReader })}
      onKey={(key) => pressKey(key, context)}
      onPaste={(text) => pasteText(text, context)}
      onReady={terminal.attach}
    />
  )
  if (!screenReader) stdout.write(NO_MOUSE)
  // The alternate screen begins where the cursor was, and a frame has to begin at the left.
  stdout.write('\r')
  // Ink does so only after its first frame, into which keys that come meanwhile would be echoed.
  stdin.setRawMode(true)
  const instance = render(app, {
    stdin,
    stdout,
    stderr,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    alternateScreen: !screenReader,
    incrementalRendering: !screenReader,
    isScreenReaderEnabled: screenReader,
  })
  const resize = (): void => store.change((state) => ({ ...state, size: sizeOf(stdout) }))
  stdout.on('resize', resize)
  // Ages grow also where nothing happens.
  const clock = setInterval(() => store.changeSoon((state) => ({ ...state, now: Date.now() })), CLOCK_MS)
  try {
    await terminal.hold(instance)
    return 0
  } finally {
    clearInterval(clock)
    stdout.off('resize', resize)
    link.close()
  }
}

/** Whoever had the terminal before may have left reports of the mouse on, whose bytes would be taken for keys (xterm's control sequences, DECRST). */
const NO_MOUSE = '\u001b[?9;1000;1002;1003;1005;1006;1015l'

/** Milliseconds that the first frame waits for the daemon. */
const FIRST_FRAME_MS = 100
const CLOCK_MS = 10_000

/** A terminal that does not know its size has 0 columns. */
function sizeOf({ columns, rows }: NodeJS.WriteStream): { columns: number; rows: number } {
  return { columns: columns || 80, rows: rows || 24 }
}
