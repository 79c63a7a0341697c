/** The real screen on a terminal that is none: what Ink writes for a state, as text. */
import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { render } from 'ink'
import { App } from '../../../tui/app/app.tsx'
import { emptyWorld, type World } from '../../../tui/app/model/world.ts'
import type { Size, State } from '../../../tui/app/model/state.ts'
import { firstView } from '../../../tui/app/screens/vms/first-view.ts'
import { createTheme } from '../../../tui/app/theme/theme.ts'
import { SOME_TIME } from '../../inputs/vms.ts'

process.env['TZ'] = 'UTC'

export const SMALL: Size = { columns: 80, rows: 24 }
export const LARGE: Size = { columns: 120, rows: 40 }

/** What a world is that a daemon has told of. */
export function makeWorld(more: Partial<World> = {}): World {
  const folders = { images: '/i', disks: '/d', config: '/c', sockets: '/s', runtime: '/r', logs: '/l' }
  return {
    ...emptyWorld,
    link: {
      state: 'up',
      socket: '/run/aetherscale/control.sock',
      info: { version: '0.1.0', access: 'control', hostname: 'host-a', pid: 1, uid: 1000, startedAt: new Date(SOME_TIME).toISOString(), serviceManager: 'systemd', folders, vms: 0 },
    },
    ...more,
  }
}

export function makeState(more: Partial<State> = {}): State {
  return { size: SMALL, now: SOME_TIME, world: makeWorld(), stack: [firstView], ...more }
}

class Screen extends Writable {
  readonly isTTY = true
  readonly columns: number
  readonly rows: number
  last = ''

  constructor({ columns, rows }: Size) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    // Besides frames Ink writes modes of the terminal, and an empty text to learn that all before is written.
    if (chunk !== '' && !chunk.startsWith('\u001b[?')) this.last = chunk
    done()
  }
}

/** Keys are not read from it, but Ink wants one. */
class Keyboard extends EventEmitter {
  readonly isTTY = true
  setRawMode(): void {}
  setEncoding(): void {}
  ref(): void {}
  unref(): void {}
  resume(): void {}
  pause(): void {}
  read(): null {
    return null
  }
}

export interface Look {
  readonly env?: Readonly<Record<string, string>>
  readonly screenReader?: boolean
}

/** The frame with its colours, as it is written to a terminal. */
export async function paintFrame(state: State, { env = { LANG: 'C.UTF-8', TERM: 'xterm' }, screenReader = false }: Look = {}): Promise<string> {
  const screen = new Screen(state.size)
  const theme = createTheme(env, { isTTY: true }, { spoken: screenReader })
  const app = <App store={{ get: () => state, subscribe: () => () => {} }} theme={theme} onKey={() => {}} onPaste={() => {}} />
  const instance = render(app, {
    stdout: screen as unknown as NodeJS.WriteStream,
    stdin: new Keyboard() as unknown as NodeJS.ReadStream,
    stderr: screen as unknown as NodeJS.WriteStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
    interactive: true,
    isScreenReaderEnabled: screenReader,
  })
  await instance.waitUntilRenderFlush()
  const frame = screen.last
  instance.unmount()
  return frame
}

/** The frame as characters alone. */
export async function drawFrame(state: State, look?: Look): Promise<string> {
  const frame = stripVTControlCharacters(await paintFrame(state, look))
  return frame
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}
