/** The program as its users meet it: a process, its output and its exit status. */
import { chmod, chown, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { runCli } from '../../tui/cli/run.ts'
import type { Io } from '../../tui/cli/io.ts'
import { FakeError, makeTestDirectory, startFakeDaemon } from '../fakes/daemon.ts'
import { run, start, startOnTerminal } from './command-process.ts'

const vm = { id: 'adbvzwdf', name: 'web', state: 'running', image: 'tiny', vcpus: 1, memoryMiB: 512, agent: 'absent', addresses: [] }
const silent = (): Promise<never> => new Promise(() => {})

t.test('help and version go to stdout, and nothing else happens', async (t) => {
  for (const args of [[], ['--help'], ['help'], ['vm', 'create', '-h'], ['help', 'vm', 'create']]) {
    const { status, stdout, stderr } = await run(t, args)
    t.strictSame([status, stderr], [0, ''], args.join(' '))
    t.match(stdout, /^Usage: aetherscale/)
  }
  t.match((await run(t, ['--version'])).stdout, /^aetherscale \d+\.\d+\.\d+\n$/)
})

t.test('bad usage is one line on stderr and status 2', async (t) => {
  const { status, stdout, stderr } = await run(t, ['vm', 'create', 'tiny', '--memroy', '2G'])
  t.strictSame([status, stdout], [2, ''])
  t.equal(stderr, 'aetherscale: vm create has no option --memroy; did you mean --memory?\n')
})

t.test('without a daemon, one line says how to start it', async (t) => {
  const directory = await makeTestDirectory(t)
  const { status, stdout, stderr } = await run(t, ['--socket-dir', directory, 'vm', 'list'])
  t.strictSame([status, stdout], [3, ''])
  t.match(stderr, /^aetherscale: no daemon is running: .*; start it with `aetherscaled`.*\n$/)
  const json = await run(t, ['--json', 'vm', 'list'], { env: { AETHERSCALE_SOCKET_DIR: directory } })
  t.match(JSON.parse(json.stderr), { data: { name: 'NOT_CONNECTED', problem: 'absent', socket: join(directory, 'control.sock') } })
})

t.test('without the right to the socket, one line says which group to join', async (t) => {
  const directory = await makeTestDirectory(t)
  await chmod(directory, 0o755)
  const { socket } = await startFakeDaemon(t, {}, { directory })
  const root = process.getuid?.() === 0
  await chmod(socket, root ? 0o660 : 0o020)
  if (root) await chown(socket, 0, 1)
  const stderr = new PassThrough()
  const io = { stdout: new PassThrough(), stderr, stdin: new PassThrough(), env: {}, cwd: '/', program: '' } as unknown as Io
  // The checkout may be closed to other users: what the command needs is loaded before the user is changed.
  await runCli(['--socket', `${socket}.none`, 'vm', 'start', 'web'], { ...io, stderr: new PassThrough() } as unknown as Io)
  if (root) process.seteuid?.(65_534)
  const status = await runCli(['--socket', socket, 'vm', 'start', 'web'], io).finally(() => root && process.seteuid?.(0))
  t.equal(status, 4)
  const line = String(stderr.read())
  t.match(line, /^aetherscale: not permitted to use .*control\.sock; .*group.*log in again\n$/)
})

t.test('lists are tables for people, exact JSON for programs, and ids for scripts', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [vm] }) })
  const people = await run(t, ['--socket', socket, 'vm', 'list'])
  t.equal(people.stdout, 'ID        NAME  STATE    IMAGE  VCPUS  MEMORY   AGENT\nadbvzwdf  web   running  tiny   1      512 MiB  absent\n')
  t.equal((await run(t, ['--socket', socket, 'vm', 'list', '--json'])).stdout, `${JSON.stringify({ vms: [vm] })}\n`)
  t.equal((await run(t, ['--socket', socket, 'vm', 'list', '-q'])).stdout, 'adbvzwdf\n')
})

t.test('only what was said is sent', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.create': () => vm })
  await run(t, ['--socket', daemon.socket, 'vm', 'create', 'tiny', '--memory', '1G'])
  t.strictSame(daemon.requests, [{ method: 'vm.create', params: { image: 'tiny', memoryMiB: 1024 } }])
})

t.test('an empty list is nothing on stdout and advice on stderr', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) })
  const { status, stdout, stderr } = await run(t, ['--socket', socket, 'vm', 'list'])
  t.strictSame([status, stdout, stderr], [0, '', 'no VMs; make one: aetherscale vm create IMAGE\n'])
})

t.test('of several subjects all are attempted, and the first failure is the status', async (t) => {
  const missing = new FakeError(1001, 'no VM is called b', { name: 'VM_NOT_FOUND' })
  const busy = new FakeError(1004, 'd did not start', { name: 'VM_START_FAILED' })
  const daemon = await startFakeDaemon(t, {
    'vm.start': ({ params }) => (params['vm'] === 'b' ? missing : params['vm'] === 'd' ? busy : { vm: { ...vm, name: params['vm'] }, hint: 'it ran' }),
  })
  const { status, stdout, stderr } = await run(t, ['--socket', daemon.socket, 'vm', 'start', 'a', 'b', 'c', 'd'])
  t.equal(status, 5)
  t.equal(stdout, 'a (adbvzwdf) is running\nc (adbvzwdf) is running\n')
  t.equal(stderr, 'a: it ran\naetherscale: no VM is called b\nc: it ran\naetherscale: d did not start\n')
})

t.test('Ctrl-C leaves at once with 130 and says that the daemon goes on', async (t) => {
  let asked = (): void => {}
  const arrived = new Promise<void>((resolve) => (asked = resolve))
  const { socket } = await startFakeDaemon(t, { 'vm.stop': () => (asked(), silent()), 'vm.wait': silent })
  const running = start(t, ['--socket', socket, 'vm', 'stop', 'web'])
  await arrived
  running.child.kill('SIGINT')
  const { status, stderr } = await running.ended
  t.equal(status, 130)
  t.equal(stderr, 'interrupted; the daemon goes on with vm stop\n')
})

t.test('on a terminal, progress is one line that is gone at the end; a state has its colour', async (t) => {
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const { socket } = await startFakeDaemon(t, {
    'vm.start': async ({ id, notify }) => {
      notify('progress', { request: id, message: 'booting' })
      await finished
      return { vm }
    },
  })
  const terminal = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${socket} vm start web`)
  await terminal.sees('\r\u001b[Kbooting')
  finish()
  terminal.child.stdin.end()
  const { stdout } = await terminal.ended
  t.match(stdout.replace(/\^D\u0008\u0008/, ''), '\r\u001b[Kbooting\r\u001b[Kweb (adbvzwdf) is \u001b[32mrunning\u001b[39m\r\n')
})

t.test('a reader that leaves early is no error of ours', async (t) => {
  const vms = Array.from({ length: 5000 }, () => vm)
  const { socket } = await startFakeDaemon(t, { 'vm.list': () => ({ vms }) })
  const running = start(t, ['--socket', socket, 'vm', 'list'])
  running.child.stdout.destroy()
  const { status, stderr } = await running.ended
  t.strictSame([status, stderr], [141, ''])
})

t.test('rpc passes any method and its answer through', async (t) => {
  const daemon = await startFakeDaemon(t, { 'rpc.discover': () => ({ openrpc: '1.3.2' }), 'vm.get': () => vm })
  const call = (args: string[], input?: string) => run(t, ['--socket', daemon.socket, 'rpc', ...args], input === undefined ? {} : { input })
  t.equal((await call(['rpc.discover'])).stdout, '{"openrpc":"1.3.2"}\n')
  t.equal((await call(['vm.get', '-'], '{"vm": "web"}')).stdout, `${JSON.stringify(vm)}\n`)
  t.strictSame(daemon.requests.map(({ params }) => params), [{}, { vm: 'web' }])
  t.match(await call(['vm.get', '{']), { status: 2, stderr: /PARAMS is not JSON/ })
  t.match(await call(['vm.fly']), { status: 2, stderr: /no such method/ })
})

t.test('it runs by a link to it, as npm and administrators install it', async (t) => {
  const directory = await makeTestDirectory(t)
  const link = join(directory, 'aetherscale')
  await symlink(new URL('../../tui/main.ts', import.meta.url).pathname, link)
  const terminal = startOnTerminal(t, `"$NODE" ${link} --version`)
  terminal.child.stdin.end()
  t.match((await terminal.ended).stdout, /aetherscale \d/)
})
