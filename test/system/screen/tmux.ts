/** The terminal UI as its users have it: in tmux, with keys that are typed and a screen that is read. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'

export interface TmuxScreen {
  /** Types keys, by tmux's names for them: `Enter`, `Escape`, `C-]`; a moment between two, as people do. */
  keys(...names: string[]): Promise<void>
  /** Types text as it is. */
  type(text: string): Promise<void>
  /** What stands on the screen. */
  shows(): string
  /** Waits until what is on the screen matches, and answers it. */
  sees(pattern: RegExp): Promise<string>
  resize(columns: number, rows: number): void
  /** Whether the alternate screen is shown, and whether the cursor is. */
  modes(): { readonly alternate: boolean; readonly cursor: boolean }
  /** Process id of the job in the foreground: of the shell itself where it runs nothing. */
  foreground(): number
}

/** Milliseconds between two keys: esc and a key right behind it are something else to a terminal. */
const KEY_PAUSE = 120
/** Machines that run tests are slow and busy. */
const PATIENCE = 180_000

/** Runs a shell in a session of a tmux of its own, which ends with the test. */
export async function startTmux(t: Test, options: { readonly columns?: number; readonly rows?: number; readonly env: Readonly<Record<string, string>> }): Promise<TmuxScreen> {
  const { columns = 80, rows = 24, env } = options
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-tmux-'))
  const socket = join(folder, 'tmux')
  const tmux = (...argv: string[]): string => {
    const { stdout, stderr, status, error } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...argv], { encoding: 'utf8' })
    if (error) throw error
    if (status !== 0) throw new Error(`tmux ${argv[0]}: ${stderr}`)
    return stdout
  }
  // In the foreground, so that it is this test's own process and ends with it.
  const server = spawn('tmux', ['-S', socket, '-f', '/dev/null', '-u', '-D'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', LANG: 'C.UTF-8', HOME: folder, SHELL: '/bin/sh', PS1: '$ ', ...env },
    stdio: 'ignore',
  })
  const closed = once(server, 'close')
  t.teardown(async () => {
    server.kill()
    await closed
    rmSync(folder, { recursive: true, force: true })
  })
  // One that is started for this question (without -N) would not have the environment.
  for (let waited = 0; spawnSync('tmux', ['-N', '-S', socket, 'start-server']).status !== 0 && waited < 5000; waited += 50) await pause(50)
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '/bin/sh')
  tmux('set-option', '-g', 'window-size', 'manual')

  const shows = (): string => tmux('capture-pane', '-p')
  return {
    async keys(...names) {
      for (const name of names) {
        tmux('send-keys', name)
        await pause(KEY_PAUSE)
      }
    },
    async type(text) {
      tmux('send-keys', '-l', text)
      await pause(KEY_PAUSE)
    },
    shows,
    async sees(pattern) {
      for (let waited = 0; waited < PATIENCE; waited += 100) {
        const screen = shows()
        if (pattern.test(screen)) return screen
        await pause(100)
      }
      throw new Error(`${pattern.source} did not come; on the screen was\n${shows()}`)
    },
    modes() {
      const [alternate, cursor] = tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim().split(' ')
      return { alternate: alternate === '1', cursor: cursor === '1' }
    },
    foreground() {
      const stat = readFileSync(`/proc/${tmux('display-message', '-p', '#{pane_pid}').trim()}/stat`, 'utf8')
      // proc(5): tpgid is the eighth field; the second, a name in parentheses, may hold blanks.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5])
    },
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
  }
}
