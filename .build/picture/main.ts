/**
 * `npm run picture`: the picture in the README, of a real frame: a daemon of its own, a few tiny VMs that boot, and the screen
 * as it then is on a terminal.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type xterm from '@xterm/headless'
import { execa } from 'execa'
import { startOnPty } from '../../test/tui/pty.ts'
import { root } from '../programs.ts'
import { drawSvg, type Cell } from './svg.ts'

const vms = [
  { name: 'web', memory: '192M', networks: ['user,forward=8080:80'] },
  { name: 'database', memory: '256M', networks: ['user'] },
  { name: 'build', memory: '128M', networks: ['user'] },
  { name: 'mail', memory: '128M', networks: ['user'], stopped: true },
]

const cleanups: (() => unknown)[] = []
const t = { teardown: (clean: () => unknown) => void cleanups.unshift(clean) }
const program = (name: string): string => join(root, 'dist/bin', name)
try {
  const folder = await mkdtemp(join(tmpdir(), 'aetherscale-picture-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const daemon = execa(program('aetherscaled'), ['--root', folder], { reject: false })
  t.teardown(async () => {
    daemon.kill()
    await daemon
  })
  const sockets = join(folder, 'run')
  const ask = async (...argv: string[]) => await execa(program('aetherscale'), ['--socket-dir', sockets, ...argv])
  while ((await execa(program('aetherscale'), ['--socket-dir', sockets, 'info'], { reject: false })).failed) await pause(200)
  t.teardown(() => ask('vm', 'delete', ...vms.map(({ name }) => name)))
  const { stdout: image } = await execa('npm', ['run', '--silent', 'image:tiny'], { cwd: root })
  await ask('image', 'import', image, '--name', 'tiny')
  for (const { name, memory, networks } of vms) await ask('vm', 'create', 'tiny', '--name', name, '--memory', memory, ...networks.flatMap((network) => ['--network', network]))
  for (const { name, stopped } of vms) await (stopped ? ask('vm', 'stop', '--force', name) : ask('vm', 'wait', name, '--for', 'agent'))

  const screen = await startOnPty(t, [program('aetherscale'), '--socket-dir', sockets], { columns: 100, rows: 20 })
  await screen.sees(/10\.0\.2\.15[^]*%/)
  // Some looks at what they use.
  await pause(8000)
  await writeFile(join(root, 'tui/app/screen.svg'), drawSvg(readCells(screen.terminal), 'aetherscale on a terminal: a list of virtual machines'))
  screen.write('\u0003')
  await screen.ended
} finally {
  for (const clean of cleanups) await clean()
}

function readCells(terminal: xterm.Terminal): Cell[][] {
  const { active } = terminal.buffer
  return Array.from({ length: terminal.rows }, (_unused, row) =>
    Array.from({ length: terminal.cols }, (_none, column) => {
      const cell = active.getLine(active.baseY + row)!.getCell(column)!
      return {
        text: cell.getChars(),
        ...(cell.isFgPalette() && { color: cell.getFgColor() }),
        bold: cell.isBold() !== 0,
        dim: cell.isDim() !== 0,
        inverse: cell.isInverse() !== 0,
      }
    }),
  )
}
