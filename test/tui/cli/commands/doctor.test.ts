import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { daemonProgram, renderChecks } from '../../../../tui/cli/commands/doctor.ts'
import type { Io } from '../../../../tui/cli/io.ts'
import { createPaint } from '../../../../tui/cli/render/paint.ts'
import { runCli } from '../../../../tui/cli/run.ts'
import { makeTestDirectory, startFakeDaemon } from '../../../fakes/daemon.ts'
import { run } from '../../command-process.ts'

const kvm = { subject: 'kvm', status: 'degraded', detail: 'does not boot a guest', remedy: 'enable it' } as const
const qemu = { subject: 'qemu', status: 'ok', detail: '7.2' } as const

t.test('the daemon that answers does the checks', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'system.info': () => ({}), 'system.doctor': () => ({ checks: [qemu, kvm] }) })
  const { status, stdout } = await run(t, ['--socket', socket, 'doctor'])
  t.equal(status, 0, 'degraded is not missing')
  t.equal(stdout, `ok        daemon  answers at ${socket}\nok        qemu    7.2\ndegraded  kvm     does not boot a guest\n                  -> enable it\n`)
  const { stdout: json } = await run(t, ['--socket', socket, 'doctor', '--json'])
  t.match(JSON.parse(json), { checks: [{ subject: 'daemon', status: 'ok' }, qemu, kvm] })
})

t.test('a daemon that takes connections and does not answer is what is missing', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'system.info': () => new Promise(() => undefined), 'system.doctor': () => ({ checks: [qemu] }) })
  const { status, stdout } = await run(t, ['--socket', socket, 'doctor', '--json'])
  t.equal(status, 1)
  t.match((JSON.parse(stdout) as { checks: unknown[] }).checks[0], { subject: 'daemon', status: 'missing', detail: /answer/ })
})

t.test('something missing is status 1', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'system.info': () => ({}), 'system.doctor': () => ({ checks: [{ ...qemu, status: 'missing' }] }) })
  t.equal((await run(t, ['--socket', socket, 'doctor'])).status, 1)
})

t.test('a daemon that can only be observed says how to get further', async (t) => {
  const { directory } = await startFakeDaemon(t, { 'system.info': () => ({}), 'system.doctor': () => ({ checks: [] }) }, { names: ['observe.sock'] })
  const { stdout } = await run(t, ['--socket-dir', directory, 'doctor'])
  t.match(stdout, /^degraded {2}daemon {2}answers at .*observe\.sock, which only observes\n +-> /)
})

/** Runs doctor of a program in a directory of its own, beside which `aetherscaled.js` is this text. */
async function diagnose(t: Test, daemon: string): Promise<{ status: number; checks: unknown }> {
  const directory = await makeTestDirectory(t)
  await mkdir(join(directory, 'run'))
  await writeFile(join(directory, 'aetherscaled.js'), daemon)
  const stdout = new PassThrough()
  const program = pathToFileURL(join(directory, 'aetherscale.js')).href
  const env = { AETHERSCALE_SOCKET_DIR: join(directory, 'run'), PATH: process.env['PATH'] }
  const io = { stdout, stderr: new PassThrough(), stdin: new PassThrough(), env, cwd: '/', program } as unknown as Io
  const status = await runCli(['doctor', '--json'], io)
  return { status, checks: (JSON.parse(String(stdout.read())) as { checks: unknown }).checks }
}

t.test('where no daemon answers, its program beside ours does the checks', async (t) => {
  const script = `console.log(JSON.stringify({ checks: [{ subject: process.argv.slice(2).join(' '), status: 'ok', detail: '' }] }))`
  for (const daemon of [script, `${script}; process.exitCode = 1`]) {
    const { status, checks } = await diagnose(t, daemon)
    t.equal(status, 1)
    t.match(checks, [{ subject: 'daemon', status: 'missing', remedy: /aetherscaled/ }, { subject: '--doctor --json', status: 'ok' }])
  }
})

t.test('a daemon program that breaks is itself what is missing', async (t) => {
  const { checks } = await diagnose(t, `console.error('no configuration\\nat line 1'); process.exit(1)`)
  t.match(checks, [{ subject: 'daemon' }, { status: 'missing', detail: 'could not check the host: no configuration' }])
  t.match((await diagnose(t, `console.log('not json')`)).checks, [{}, { subject: 'aetherscaled', status: 'missing', detail: /could not check/ }])
})

t.test('the daemon is beside the bundle, or in the sources', async (t) => {
  t.equal(daemonProgram('file:///opt/dist/aetherscale.js'), '/opt/dist/aetherscaled.js')
  t.equal(daemonProgram('file:///src/tui/main.ts'), '/src/daemon/main.ts')
})

t.test('what checks found cannot move the cursor', async (t) => {
  t.strictSame(renderChecks([{ subject: 'a', status: 'ok', detail: '\u001b[2J' }], createPaint(false)), ['ok  a  \\x1b[2J'])
})
