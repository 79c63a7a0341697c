/** However the screen is left, the shell finds its terminal as it was. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeVms } from '../inputs/vms.ts'
import { startFakeDaemon, type FakeAnswer, type FakeRequest } from '../fakes/daemon.ts'
import { aetherscaleFromSource } from '../tui/pty.ts'
import { startTmux, type TmuxScreen } from './screen/tmux.ts'

/** Rows that a stack trace fits into, however long the paths in it are. */
const TALL = 80

/** A whole frame, from the first cell on. */
const DRAWN = /^ aetherscale {2}box[^]*vm-0002[^]*\nc create[^]*$/

interface Scene {
  readonly shell: TmuxScreen
  /** Process id of the screen's program. */
  readonly pid: number
  /** Has the daemon send this to all who listen to events. */
  notify(method: string, params: unknown): void
  /** Waits until the shell has its prompt again, and holds the terminal against what it was before. */
  isRestored(status: number): Promise<string>
  /** The same after it was stopped and continued: the shell has a clear screen then. */
  isRestoredAgain(): Promise<void>
}

/** A shell with something on its screen, and the program run from there. */
async function runScreen(t: Test, answers: Readonly<Record<string, FakeAnswer>> = {}, rows = 24): Promise<Scene> {
  const listeners = new Set<FakeRequest>()
  const daemon = await startFakeDaemon(t, {
    'system.info': () => ({ version: '0', access: 'control', hostname: 'box', pid: 1, uid: 0, startedAt: '2026-03-01T12:00:00Z', serviceManager: 'embedded', folders: {}, vms: 3 }),
    'events.subscribe': (request) => (listeners.add(request), { kinds: [] }),
    'stats.subscribe': () => ({}),
    'vm.list': () => ({ vms: makeVms(3) }),
    ...answers,
  })
  const settings = (name: string): string => join(daemon.directory, name)
  const shell = await startTmux(t, { rows, env: { AETHERSCALE_SOCKET_DIR: daemon.directory } })
  await shell.sees(/^\$/)
  await enter(shell, `stty -a > ${settings('before')}; echo was here`)
  await shell.sees(/^was here\n\$/m)
  await enter(shell, `${aetherscaleFromSource.join(' ')}; echo "status $?"; stty -a > ${settings('after')}; echo told`)
  await shell.sees(DRAWN)
  t.match(shell.modes(), { alternate: true, cursor: false }, 'the screen is on')
  return {
    shell,
    pid: shell.foreground(),
    notify: (method, params) => listeners.forEach((listener) => listener.notify(method, params)),
    async isRestored(status) {
      const screen = await shell.sees(/^told$[^]*^\$/m)
      t.match(screen, new RegExp(`^status ${status}$`, 'm'), 'exit status')
      t.match(screen, /^was here$/m, 'what was on the screen is there again')
      t.notMatch(screen, 'vm-0002', 'and nothing of ours')
      t.same(shell.modes(), { alternate: false, cursor: true })
      t.equal(await readFile(settings('after'), 'utf8'), await readFile(settings('before'), 'utf8'), 'stty -a')
      return screen
    },
    async isRestoredAgain() {
      await shell.sees(/^\$\s*$/)
      t.same(shell.modes(), { alternate: false, cursor: true })
      await enter(shell, `stty -a > ${settings('again')}; echo told again`)
      await shell.sees(/^told again$/m)
      t.equal(await readFile(settings('again'), 'utf8'), await readFile(settings('before'), 'utf8'), 'stty -a')
    },
  }
}

async function enter(shell: TmuxScreen, line: string): Promise<void> {
  await shell.type(line)
  await shell.keys('Enter')
}

t.test('left by q', async (t) => {
  const { shell, isRestored } = await runScreen(t)
  await shell.keys('q')
  await isRestored(0)
})

t.test('left by ctrl-c, in the middle of typing', async (t) => {
  const { shell, isRestored } = await runScreen(t)
  await shell.keys(':', 'v', 'C-c')
  await isRestored(0)
})

for (const [signal, number] of Object.entries({ SIGTERM: 15, SIGHUP: 1 })) {
  t.test(`ended by ${signal}`, async (t) => {
    const { pid, isRestored } = await runScreen(t)
    process.kill(pid, signal)
    await isRestored(128 + number)
  })
}

t.test('an error where nobody expects one, by a notification that is none: it can be read afterwards', async (t) => {
  const { notify, isRestored } = await runScreen(t, {}, TALL)
  notify('stats', null)
  t.match(await isRestored(1), /aetherscale ended by an error of its own; please report it:\s+TypeError/)
})

t.test('a VM that cannot be drawn costs its screen alone, as long as it is so', async (t) => {
  const [vm] = makeVms(1)
  let told: object = { ...vm, networks: null, addresses: null }
  const { shell, notify, isRestored } = await runScreen(t, { 'vm.get': () => told })
  const change = (): void => notify('event', { kind: 'vm.changed', at: '2026-03-01T12:00:00Z', vm: vm!.id })
  change()
  await shell.sees(/This screen cannot be drawn: TypeError/)
  await shell.keys('4')
  await shell.sees(/vm\.changed/)
  await shell.keys('1')
  await shell.sees(/This screen cannot be drawn/)
  told = vm!
  change()
  await shell.sees(DRAWN)
  await shell.keys('q')
  await isRestored(0)
})

t.test('an error while drawing what is around a screen, by an image that is none: it can be read afterwards', async (t) => {
  const { shell, isRestored } = await runScreen(t, { 'image.list': () => ({ images: [{ name: 'none', usedBy: null }] }) }, TALL)
  await shell.keys('2')
  t.match(await isRestored(1), /please report it:\s+TypeError/)
})

t.test('stopped by ctrl-z and continued by fg', async (t) => {
  const { shell, isRestored, isRestoredAgain } = await runScreen(t)
  await shell.keys('C-z')
  t.match(await isRestored(128 + 20), /Stopped/)
  await enter(shell, 'clear; fg; clear')
  await shell.sees(DRAWN)
  t.match(shell.modes(), { alternate: true, cursor: false })
  await shell.keys('j', 'q')
  await isRestoredAgain()
})

t.test('stopped from outside and continued', async (t) => {
  const { shell, pid, isRestoredAgain } = await runScreen(t)
  process.kill(pid, 'SIGSTOP')
  await shell.sees(/Stopped/)
  // The shell has the terminal as it was left, where enter does not end a line.
  await shell.type('clear; fg; clear')
  await shell.keys('C-j')
  const back = await shell.sees(DRAWN)
  t.notMatch(back, 'Stopped', 'what the shell wrote meanwhile is not between the rows')
  await shell.keys('q')
  await isRestoredAgain()
})

t.test('another size of the terminal', async (t) => {
  const { shell, isRestored } = await runScreen(t)
  for (const [columns, rows] of [[120, 40], [60, 15], [80, 24]] as const) {
    shell.resize(columns, rows)
    // The keys stand in the last line, the first ones in whatever width.
    const screen = await shell.sees(new RegExp(`^ aetherscale  box(.*\\n){${rows - 1}}c create.*\\n?$`))
    t.equal(screen.match(/vm-0002/g)?.length, 1, `${columns}x${rows}: each row once`)
  }
  await shell.keys('q')
  await isRestored(0)
})

t.test('a command that has the terminal for itself, and back', async (t) => {
  const { shell, isRestored } = await runScreen(t, { 'vm.log': () => ({ text: 'a line of the log\n', offset: 0, nextOffset: 18, size: 18, truncated: false }) })
  await shell.keys(':')
  await enter(shell, 'rpc vm.log {}')
  await shell.sees(/a line of the log[^]*Press a key to go back/)
  t.same(shell.modes(), { alternate: false, cursor: true })
  await shell.keys('x')
  await shell.sees(DRAWN)
  await shell.keys('q')
  t.match(await isRestored(0), /a line of the log/, 'what it wrote stays in the shell')
})
