import t from 'tap'
import { FakeError, startFakeDaemon, type FakeDaemon } from '../../../fakes/daemon.ts'
import { run, start, startOnTerminal, type Outcome } from '../../command-process.ts'

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')
const answer = (more: object = {}): object => ({ exitCode: 0, stdout: '', stderr: '', stdoutTruncated: false, stderrTruncated: false, ...more })

function fake(t: Parameters<typeof startFakeDaemon>[0], result: unknown): Promise<FakeDaemon> {
  return startFakeDaemon(t, { 'vm.exec': () => result })
}

function exec(t: Parameters<typeof run>[0], { socket }: FakeDaemon, args: readonly string[], input?: string): Promise<Outcome> {
  return run(t, ['--socket', socket, 'vm', 'exec', ...args], input === undefined ? {} : { input })
}

t.test('the command is sent as it stands behind --, and what it prints comes out where it printed it', async (t) => {
  const daemon = await fake(t, answer({ stdout: base64('out\n'), stderr: base64('err\n') }))
  const outcome = await exec(t, daemon, ['web', '--timeout', '2m', '--env', 'A=b', '--env', 'C=', '--', 'ls', '-l', '--help', '--', 'a b', ''], 'in\n')
  t.strictSame(outcome, { status: 0, stdout: 'out\n', stderr: 'err\n' })
  t.strictSame(daemon.requests, [
    {
      method: 'vm.exec',
      params: { vm: 'web', command: ['ls', '-l', '--help', '--', 'a b', ''], timeoutSeconds: 120, env: ['A=b', 'C='], encoding: 'base64', stdin: base64('in\n') },
    },
  ])
})

t.test('bytes are bytes, both ways', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  const daemon = await fake(t, answer({ stdout: base64(bytes) }))
  const running = start(t, ['--socket', daemon.socket, 'vm', 'exec', 'web', '--', 'cat'])
  const seen: Buffer[] = []
  running.child.stdout.removeAllListeners('data').setEncoding('latin1').on('data', (text: string) => seen.push(Buffer.from(text, 'latin1')))
  running.child.stdin.end(bytes)
  await running.ended
  t.ok(Buffer.concat(seen).equals(bytes))
  t.equal((daemon.requests[0]?.params as { stdin: string }).stdin, base64(bytes))
})

t.test('the exit status is that of the command', async (t) => {
  const cases: [object, number][] = [
    [{ exitCode: 7 }, 7],
    [{ exitCode: 3_221_225_477 }, 255],
    [{ exitCode: undefined, signal: 15 }, 143],
  ]
  for (const [end, status] of cases) t.equal((await exec(t, await fake(t, answer(end)), ['web', '--', 'x'], '')).status, status)
})

t.test('whatever else failed is 255', async (t) => {
  const absent = await fake(t, new FakeError(1601, 'No guest agent runs in VM web', { name: 'GUEST_AGENT_ABSENT', hint: 'wait' }))
  t.strictSame(await exec(t, absent, ['web', '--', 'x'], ''), { status: 255, stdout: '', stderr: 'aetherscale: No guest agent runs in VM web\n  wait\n' })
  const json = await exec(t, absent, ['web', '--json', '--', 'x'], '')
  t.match(JSON.parse(json.stderr), { code: 1601, data: { name: 'GUEST_AGENT_ABSENT' } })
  t.match(await run(t, ['--socket', '/nonexistent/s', 'vm', 'exec', 'web', '--', 'x']), { status: 255, stderr: /\/nonexistent\/s/ })
  t.match(await exec(t, absent, ['web', '--', 'x'], 'x'.repeat(524_289)), { status: 255, stderr: /512 KiB.*copy-in/ })
})

t.test('output that was cut is no success', async (t) => {
  const daemon = await fake(t, answer({ stdout: base64('half'), stdoutTruncated: true }))
  t.match(await exec(t, daemon, ['web', '--', 'x'], ''), { status: 255, stdout: 'half', stderr: /more on stdout than is answered; it ended with status 0\n.*copy-out/ })
})

t.test('JSON has the answer, as text where stdin allows it', async (t) => {
  const daemon = await fake(t, answer({ stdout: 'o', exitCode: 3 }))
  const { status, stdout } = await exec(t, daemon, ['web', '--json', '--', 'x'], 'text')
  t.equal(status, 3)
  t.match(JSON.parse(stdout), { exitCode: 3, stdout: 'o', encoding: 'text' })
  t.match(daemon.requests[0]?.params, { encoding: 'text', stdin: 'text' })
})

t.test('stdin is sent where it is no terminal or where that is asked for, and not where that is', async (t) => {
  const daemon = await fake(t, answer())
  const stdinOf = (index: number): unknown => (daemon.requests[index]?.params as { stdin?: string }).stdin
  await exec(t, daemon, ['web', '--no-stdin', '--', 'x'], 'in')
  t.equal(stdinOf(0), undefined)
  const quiet = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${daemon.socket} vm exec web -- x`)
  await quiet.ended
  t.equal(stdinOf(1), undefined, 'a terminal is not waited for')
  const asked = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${daemon.socket} vm exec -i web -- x`)
  asked.child.stdin.write('typed\n\u0004')
  await asked.ended
  t.equal(stdinOf(2), base64('typed\n'))
})

t.test('an option of the command that stands before -- is named, and where it belongs', async (t) => {
  const { status, stderr } = await run(t, ['vm', 'exec', 'web', 'ls', '-l'])
  t.equal(status, 2)
  t.match(stderr, /vm exec has no option -l; .* stands behind --: vm exec VM -- COMMAND\.\.\./)
  t.match((await run(t, ['help', 'vm', 'exec'])).stdout, /vm exec VM COMMAND\.\.\. \[OPTION\.\.\.\][\s\S]*Exit status: that of the\s+command[\s\S]*-i, --stdin/)
})
