import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../../tui/client.ts'
import { makeFolder } from '../fakes/folder.ts'
import { run, start, type Outcome } from '../tui/command-process.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

/** Beyond a message, so that it is known to come whole. */
const FILE_BYTES = 3 * 1_048_576

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

t.test('commands run in a guest, files go in and out, and a guest that does not play along is told of', async (t) => {
  const daemon = await startTestDaemon(t)
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  const cli = (args: readonly string[], input?: string): Promise<Outcome> =>
    run(t, ['--socket-dir', daemon.sockets, ...args], input === undefined ? {} : { input })
  const sh = async (script: string, timeoutSeconds = 60): Promise<string> => {
    const { exitCode, stdout, stderr } = await daemon.client.call('vm.exec', { vm: 'web', command: ['sh', '-c', script], timeoutSeconds })
    if (exitCode !== 0) throw new Error(`${script}: ${String(exitCode)} ${stderr}`)
    return stdout
  }
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  await daemon.client.call('vm.create', { image: 'tiny', name: 'web', memoryMiB: 128, start: false })
  await t.rejects(sh('true'), { name: 'VM_NOT_RUNNING' })
  await daemon.client.call('vm.start', { vm: 'web' })
  await t.rejects(sh('true'), { name: 'GUEST_AGENT_ABSENT' }, 'a guest that has only begun to boot is not waited for')
  await daemon.client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: 300 })

  await t.test('a command has its own status, and its bytes', async (t) => {
    const status = async (...command: string[]): Promise<number | null> => (await cli(['vm', 'exec', 'web', '--', ...command])).status
    t.equal(await status('true'), 0)
    t.equal(await status('false'), 1)
    t.equal(await status('sh', '-c', 'exit 37'), 37)
    t.equal(await status('sh', '-c', 'kill -KILL $$'), 137)
    t.equal(await status('no-such-program'), 255)
    t.strictSame(await cli(['vm', 'exec', 'web', '--', 'sh', '-c', 'cat; echo seen >&2'], 'héllo\n'), { status: 0, stdout: 'héllo\n', stderr: 'seen\n' })
    const bytes = randomBytes(300_000).toString('base64')
    const echoed = await daemon.client.call('vm.exec', { vm: 'web', command: ['cat'], encoding: 'base64', stdin: bytes })
    t.equal(echoed.stdout, bytes)
  })

  await t.test('three megabytes of output are cut, said to be, and hold nobody up', async (t) => {
    const much = cli(['vm', 'exec', 'web', '--', 'head', '-c', String(FILE_BYTES), '/dev/zero'])
    t.equal(await sh('echo meanwhile'), 'meanwhile\n')
    const { status, stdout, stderr } = await much
    t.equal(status, 255)
    t.equal(stdout.length, 368_640)
    t.match(stderr, /more on stdout than is answered/)
  })

  await t.test('a command that takes too long is ended in the guest with its children', async (t) => {
    const slow = daemon.client.call('vm.exec', { vm: 'web', command: ['sh', '-c', 'echo begun; sleep 98765 & sleep 98765'], timeoutSeconds: 3 })
    await t.rejects(slow, { name: 'GUEST_EXEC_TIMEOUT', message: /was killed; its last words: begun/ })
    t.equal(await sh('pidof sleep || echo none'), 'none\n')
    const left = start(t, ['--socket-dir', daemon.sockets, 'vm', 'exec', 'web', '--', 'sleep', '98765'])
    left.child.stdin.end()
    while ((await sh('pidof sleep || echo none')) === 'none\n') await delay(50)
    left.child.kill('SIGINT')
    t.equal((await left.ended).status, 130)
    while ((await sh('pidof sleep || echo none')) !== 'none\n') await delay(50)
    t.pass('one whose caller has gone likewise')
  })

  await t.test('a snapshot does not end a command', async (t) => {
    const slow = sh('sleep 2; echo through')
    await daemon.client.call('vm.snapshot.create', { vm: 'web', name: 'amidst' })
    t.equal(await slow, 'through\n')
  })

  const bytes = randomBytes(FILE_BYTES)
  writeFileSync(at('file'), bytes)
  await t.test('a file goes in and comes out as it is', async (t) => {
    chmodSync(at('file'), 0o751)
    t.strictSame(await cli(['vm', 'copy-in', 'web', at('file'), '/root/file']), { status: 0, stdout: '', stderr: '' })
    t.match(await sh('sha256sum /root/file; stat -c %a /root/file'), `${sha256(bytes)}  /root/file\n751\n`)
    t.strictSame(await cli(['vm', 'copy-out', 'web', '/root/file', at('back')]), { status: 0, stdout: '', stderr: '' })
    t.equal(sha256(readFileSync(at('back'))), sha256(bytes))
    t.equal(statSync(at('back')).mode & 0o777, 0o751)
    t.strictSame(await cli(['vm', 'copy-out', 'web', '/proc/sys/kernel/ostype', '-']), { status: 0, stdout: 'Linux\n', stderr: '' })
  })

  await t.test('two copies at once do not mix', async (t) => {
    const other = randomBytes(1_500_000)
    writeFileSync(at('other'), other)
    await Promise.all([cli(['vm', 'copy-in', 'web', at('file'), '/root/same']), cli(['vm', 'copy-in', 'web', at('other'), '/root/same'])])
    const [found = ''] = (await sh('sha256sum /root/same')).split(' ')
    t.ok([sha256(bytes), sha256(other)].includes(found), 'one of them is there, and whole')
    t.equal(await sh('ls -A /root | grep -c part || true'), '0\n')
  })

  await t.test('what the guest refuses is told, and leaves nothing', async (t) => {
    await sh('mkdir /root/full /root/dir && mount -t tmpfs -o size=1m none /root/full && mkfifo /root/pipe')
    const cases: [string[], number, RegExp][] = [
      [['copy-out', 'web', '/root/none', at('x')], 5, /No such file or directory/],
      [['copy-out', 'web', '/root/dir', at('x')], 1, /is a folder/],
      [['copy-out', 'web', '/root/pipe', at('x')], 1, /is a pipe/],
      [['copy-in', 'web', at('file'), '/root/none/file'], 5, /no folder for \/root\/none\/file/],
      [['copy-in', 'web', at('file'), '/root/dir'], 1, /is a folder/],
      [['copy-in', 'web', at('file'), '/root/full/file'], 1, /No space left on device/],
      [['copy-in', 'web', at('file'), '/sys/file'], 1, /refused \/sys\/file/],
    ]
    for (const [args, status, message] of cases) t.match(await cli(['vm', ...args]), { status, stderr: message }, args.join(' '))
    while ((await sh('ls -A /root/full /root/dir | grep part || echo none')) !== 'none\n') await delay(50)
    t.equal(await sh('ls -A /root/full'), '')
  })

  await t.test('a daemon that is killed in the midst leaves what was there under the name', async (t) => {
    await sh('echo before >/root/target')
    const piece = bytes.subarray(0, 524_288).toString('base64')
    const { copy = '' } = await daemon.client.call('vm.copy-in', { vm: 'web', path: '/root/target', data: piece })
    const next = daemon.client.call('vm.copy-in', { vm: 'web', path: '/root/target', copy, offset: 524_288, data: piece, isLast: true })
    next.catch(() => undefined)
    await daemon.kill()
    await daemon.start()
    await daemon.client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: 300 })
    // What had been sent by then may just have been the whole: either, but nothing in between.
    t.match(await sh('wc -c </root/target'), /^(7|1048576)\n$/)
    await t.rejects(daemon.client.call('vm.copy-in', { vm: 'web', path: '/root/target', copy, offset: 524_288 }), { name: 'GUEST_COPY_NOT_FOUND' })
  })

  await t.test('an agent that hangs, one that is gone, and a VM that is held', async (t) => {
    await sh('printf "#!/bin/sh\\nexec sleep 98765\\n" >/sbin/guest-agent; (sleep 1; kill -STOP $(pidof qemu-ga)) >/dev/null 2>&1 &')
    const untilItFails = async (): Promise<never> => {
      for (;;) await sh('true', 5)
    }
    // It hangs before a question, or between the question and its answer.
    t.match(await untilItFails().catch((error: unknown) => error), { name: /^GUEST_(AGENT|EXEC)_TIMEOUT$/ })
    const joined = await connect({ directory: daemon.sockets, env: {}, access: 'control' })
    t.teardown(() => {
      joined.close()
    })
    const { socket: console } = await joined.upgrade('vm.console', { vm: 'web' })
    console.resume()
    console.write('\nkill -KILL $(pidof qemu-ga)\n')
    await eventually(async () => (await daemon.client.call('vm.get', { vm: 'web' })).agent === 'absent', 'the agent to be gone')
    const { status, stderr } = await cli(['vm', 'exec', 'web', '--', 'true'])
    t.equal(status, 255)
    t.match(stderr, /No guest agent runs in VM web\n.*vm wait web --for agent.*qemu-guest-agent/)
    await daemon.client.call('vm.suspend', { vm: 'web' })
    await t.rejects(sh('true'), { name: 'VM_NOT_RUNNING', message: /paused/ })
  })

  for (const secret of ['98765', bytes.toString('base64', 0, 300), 'begun']) t.notOk(daemon.log().includes(secret), 'the log has neither files nor arguments')
})
