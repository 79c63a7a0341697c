import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { execInGuest } from '../../../daemon/guest/exec.ts'
import { checkParams } from '../../../daemon/rpc/params.ts'
import type { ErrorName } from '../../../policy/errors.ts'
import type { Params, ParamsInput, Result } from '../../../policy/api/index.ts'
import { coded, failure, startFakeGuest, type FakeGuest } from '../../fakes/guest.ts'

type Request = Omit<ParamsInput<'vm.exec'>, 'vm'>

const never = new AbortController().signal

function exec({ deps, entry }: FakeGuest, request: Request, gone: AbortSignal = never): Promise<Result<'vm.exec'>> {
  return execInGuest(deps, entry, checkParams('vm.exec', { vm: 'web', ...request }) as Params<'vm.exec'>, gone)
}

const sh = (script: string): string[] => ['/bin/sh', '-c', script]
/** One that is dead and not yet buried by its parent does not count. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
const quiet = { stdout: '', stderr: '', stdoutTruncated: false, stderrTruncated: false }

t.test('a command has its status, its output, its input and its environment', async (t) => {
  const guest = await startFakeGuest(t)
  t.same(await exec(guest, { command: ['true'] }), { ...quiet, exitCode: 0 })
  t.same(await exec(guest, { command: ['false'] }), { ...quiet, exitCode: 1 })
  t.same(await exec(guest, { command: sh('kill -TERM $$') }), { ...quiet, signal: 15 })
  t.same(await exec(guest, { command: sh('cat; echo no >&2; exit 7'), stdin: 'hé\n' }), { ...quiet, exitCode: 7, stdout: 'hé\n', stderr: 'no\n' })
  t.match(await exec(guest, { command: sh('echo "$A-$PATH"'), env: ['A=b=c'] }), { stdout: /^b=c-\/usr\/local\/sbin:/ })
  t.match(await exec(guest, { command: sh('echo $PATH'), env: ['PATH=/bin'] }), { stdout: '/bin\n' })
  t.equal(guest.processes.size, 0, 'the agent remembers none of them')
})

t.test('in base64 every byte comes as it is, in text what is no UTF-8 is replaced', async (t) => {
  const guest = await startFakeGuest(t)
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256))
  const same = await exec(guest, { command: ['cat'], encoding: 'base64', stdin: bytes.toString('base64') })
  t.ok(Buffer.from(same.stdout, 'base64').equals(bytes))
  t.match(await exec(guest, { command: sh(String.raw`printf 'a\377b'`) }), { stdout: 'a\ufffdb' })
  await t.rejects(exec(guest, { command: ['cat'], encoding: 'base64', stdin: 'a' }), coded('INVALID_PARAMS', { field: 'stdin' }))
  await t.rejects(exec(guest, { command: ['cat'], stdin: 'é'.repeat(300_000) }), coded('INVALID_PARAMS', { field: 'stdin', hint: /vm\.copy-in/ }))
})

t.test('output beyond the limit is cut and said to be, however much it is', async (t) => {
  const guest = await startFakeGuest(t)
  t.match(await exec(guest, { command: sh('printf 12345'), outputLimitBytes: 5 }), { stdout: '12345', stdoutTruncated: false })
  t.match(await exec(guest, { command: sh('printf 123456'), outputLimitBytes: 5 }), { stdout: '12345', stdoutTruncated: true, stderrTruncated: false })
  t.match(await exec(guest, { command: sh('printf aé >&2'), outputLimitBytes: 2 }), { stderr: 'a', stderrTruncated: true }, 'a character is not cut in two')
  t.match(await exec(guest, { command: ['echo'], outputLimitBytes: 0 }), { stdout: '', stdoutTruncated: true })
  const much = await exec(guest, { command: sh('head -c 12000000 /dev/zero; head -c 12000000 /dev/zero >&2'), encoding: 'base64' })
  t.match(much, { exitCode: 0, stdoutTruncated: true, stderrTruncated: true })
  t.equal(Buffer.from(much.stdout, 'base64').length, 368_640)
  t.ok(JSON.stringify(much).length < 1_048_576, 'an answer fits a line of the wire')
})

t.test('other questions find the agent between two about a command', async (t) => {
  const guest = await startFakeGuest(t)
  const slow = exec(guest, { command: sh('sleep 0.3; echo slow') })
  t.match(await exec(guest, { command: ['echo', 'quick'] }), { stdout: 'quick\n' })
  t.equal(guest.processes.size, 1, 'the slow one still runs')
  t.match(await slow, { stdout: 'slow\n' })
})

t.test('a command that takes too long is killed, with what it started, and its last words are told', async (t) => {
  const guest = await startFakeGuest(t)
  const error = await exec(guest, { command: sh('sleep 1000 & echo "child $!"; wait'), timeoutSeconds: 1 }).catch((thrown: unknown) => thrown)
  t.match(error, { data: { name: 'GUEST_EXEC_TIMEOUT', hint: /--timeout/ }, message: /within 1 s and was killed; its last words: child \d+$/ })
  const child = Number(/child (\d+)$/.exec((error as Error).message)?.[1])
  t.notOk(isAlive(child))
  t.equal(guest.processes.size, 0)
})

t.test('what a command left in the background with its output is not killed, and named as the reason', async (t) => {
  const guest = await startFakeGuest(t)
  const error = await exec(guest, { command: sh('sleep 1000 & echo $! >&2; echo $! >left'.replace('left', `${guest.folder}/left`)), timeoutSeconds: 1 }).catch((thrown: unknown) => thrown)
  t.match(error, { data: { name: 'GUEST_EXEC_TIMEOUT' }, message: /is not there any more, but what it left/ })
  const { stdout } = await exec(guest, { command: sh(`pid=$(cat ${guest.folder}/left); kill "$pid" && echo killed`) })
  t.equal(stdout, 'killed\n')
})

t.test('a command whose caller has gone is killed', async (t) => {
  const guest = await startFakeGuest(t)
  const gone = new AbortController()
  const asked = exec(guest, { command: ['sleep', '1000'] }, gone.signal)
  await delay(100)
  const [pid = 0] = [...guest.processes.keys()]
  t.ok(isAlive(pid))
  gone.abort()
  await t.rejects(asked, coded('GUEST_EXEC_ABANDONED'))
  t.notOk(isAlive(pid))
  t.equal(guest.processes.size, 0)
})

t.test('what cannot be asked is refused at once, by what is known of the VM', async (t) => {
  const guest = await startFakeGuest(t)
  const refused = async (name: ErrorName, hint: RegExp): Promise<void> => {
    await t.rejects(exec(guest, { command: ['true'] }), coded(name, { field: 'vm', hint }))
  }
  guest.change({ agent: 'absent' })
  await refused('GUEST_AGENT_ABSENT', /vm wait web --for agent.*qemu-guest-agent/)
  guest.change({ agent: 'connected', paused: true })
  await refused('VM_NOT_RUNNING', /vm resume web/)
  guest.change(undefined)
  await refused('VM_NOT_RUNNING', /vm start web/)
  t.equal(guest.connections(), 0, 'nobody was asked')
})

t.test('an agent that ends in the midst is told of at once', async (t) => {
  for (const change of [{ agent: 'absent' } as const, undefined]) {
    const guest = await startFakeGuest(t)
    const asked = exec(guest, { command: ['sleep', '1000'], timeoutSeconds: 86_400 })
    while (guest.processes.size === 0) await delay(10)
    guest.change(change)
    await t.rejects(asked, coded('GUEST_LOST'))
  }
})

t.test('an agent that is there and silent costs its time, and no more', async (t) => {
  const silent = await startFakeGuest(t, { override: () => null, timeoutMs: 50 })
  await t.rejects(exec(silent, { command: ['true'] }), coded('GUEST_AGENT_TIMEOUT'))

  let answers = 0
  const busy = await startFakeGuest(t, { override: ({ execute }) => (execute === 'guest-exec-status' && ++answers === 1 ? null : undefined), timeoutMs: 1000 })
  t.match(await exec(busy, { command: ['echo', 'late'] }), { stdout: 'late\n' }, 'a moment of silence loses nothing')
})

t.test('a guest that is frozen for a moment is asked again', async (t) => {
  for (const command of ['guest-exec', 'guest-exec-status']) {
    let refusals = 0
    const refusal = failure(`Command ${command} has been disabled: the agent is in frozen state`, 'CommandNotFound')
    const guest = await startFakeGuest(t, { override: ({ execute }) => (execute === command && ++refusals <= 2 ? refusal : undefined) })
    t.match(await exec(guest, { command: ['echo', 'thawed'] }), { stdout: 'thawed\n' }, command)
    t.ok(refusals >= 3, command)
  }
})

t.test('what the guest forbids, fails at, or answers wrongly has a code', async (t) => {
  const cases: [title: string, answers: Record<string, object>, name: ErrorName, message: RegExp][] = [
    ['forbidden', { 'guest-exec': failure('Command guest-exec has been disabled', 'CommandNotFound') }, 'GUEST_AGENT_REFUSES', /guest-exec/],
    ['a pid that is none', { 'guest-exec': { return: { pid: 'x' } } }, 'GUEST_NONSENSE', /guest-exec/],
    ['no status', { 'guest-exec-status': { return: [] } }, 'GUEST_NONSENSE', /guest-exec-status/],
    ['an end without a status', { 'guest-exec-status': { return: { exited: true } } }, 'GUEST_NONSENSE', /without a status/],
    ['output that is no base64', { 'guest-exec-status': { return: { exited: true, exitcode: 0, 'out-data': 'ä' } } }, 'GUEST_NONSENSE', /no base64/],
    ['a process forgotten', { 'guest-exec-status': failure("Invalid parameter 'pid'") }, 'GUEST_AGENT_FAILED', /pid/],
  ]
  for (const [title, answers, name, message] of cases) {
    const guest = await startFakeGuest(t, { override: ({ execute }) => answers[execute] })
    await t.rejects(exec(guest, { command: ['true'] }), coded(name, {}, message), title)
  }
  const guest = await startFakeGuest(t)
  await t.rejects(exec(guest, { command: ['/nope'] }), coded('GUEST_EXEC_FAILED', { field: 'command' }, /\/nope/))
})

t.test('a refusal says where the guest allows it', async (t) => {
  const guest = await startFakeGuest(t, { override: () => failure('Command guest-exec has been disabled', 'CommandNotFound') })
  await t.rejects(exec(guest, { command: ['true'] }), coded('GUEST_AGENT_REFUSES', { hint: /\/etc\/sysconfig\/qemu-ga.*\/etc\/qemu\/qemu-ga\.conf/ }))
})

t.test('params that no guest could take are refused before it is asked', async (t) => {
  const bad: [Record<string, unknown>, string][] = [
    [{ command: [] }, 'command'],
    [{ command: [''] }, 'command'],
    [{ command: ['a\0b'] }, 'command.0'],
    [{ command: Array.from({ length: 257 }, () => 'x') }, 'command'],
    [{ command: ['x'.repeat(70_000), 'x'.repeat(70_000)] }, 'command'],
    [{ command: ['x'], env: ['novalue'] }, 'env.0'],
    [{ command: ['x'], timeoutSeconds: 0 }, 'timeoutSeconds'],
    [{ command: ['x'], timeoutSeconds: 86_401 }, 'timeoutSeconds'],
    [{ command: ['x'], outputLimitBytes: 368_641 }, 'outputLimitBytes'],
  ]
  for (const [params, field] of bad) {
    t.throws(() => checkParams('vm.exec', { vm: 'web', ...params }), coded('INVALID_PARAMS', { field }), JSON.stringify(params).slice(0, 60))
  }
})
