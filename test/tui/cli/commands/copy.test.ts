import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { FakeError, makeTestDirectory, startFakeDaemon, type FakeAnswer, type FakeDaemon } from '../../../fakes/daemon.ts'
import { run, start, startOnTerminal } from '../../command-process.ts'

interface Sent {
  readonly path: string
  readonly data?: string
  readonly offset?: number
  readonly isLast?: boolean
  readonly copy?: string
  readonly mode?: string
  readonly abandon?: boolean
}

const takePiece: FakeAnswer = ({ params }) => {
  const { data = '', offset = 0, isLast } = params as unknown as Sent
  return { nextOffset: offset + Buffer.from(data, 'base64').length, ...(!isLast && { copy: '0123456789abcdef' }) }
}

function givePieces(bytes: Uint8Array, facts: object = {}): FakeAnswer {
  return ({ params }) => {
    const offset = params['offset'] as number
    const piece = bytes.subarray(offset, offset + 524_288)
    const nextOffset = offset + piece.length
    return { data: Buffer.from(piece).toString('base64'), nextOffset, isEnd: nextOffset === bytes.length, ...(offset === 0 && facts) }
  }
}

const sentTo = ({ requests }: FakeDaemon): Sent[] => requests.map(({ params }) => params as Sent)
const bytesOf = (pieces: readonly Sent[]): Buffer => Buffer.concat(pieces.map(({ data = '' }) => Buffer.from(data, 'base64')))

t.test('a file goes in piece by piece, with its permissions', async (t) => {
  const folder = await makeTestDirectory(t)
  const daemon = await startFakeDaemon(t, { 'vm.copy-in': takePiece })
  const bytes = randomBytes(1_200_000)
  const local = join(folder, 'f')
  writeFileSync(local, bytes)
  chmodSync(local, 0o750)
  t.strictSame(await run(t, ['--socket', daemon.socket, 'vm', 'copy-in', 'web', local, '/srv/f']), { status: 0, stdout: '', stderr: '' })
  const pieces = sentTo(daemon)
  t.ok(bytesOf(pieces).equals(bytes))
  t.strictSame(pieces.map(({ offset, isLast, copy, mode, path }) => [offset, isLast, copy, mode, path]), [
    [0, false, undefined, '750', '/srv/f'],
    [524_288, false, '0123456789abcdef', '750', '/srv/f'],
    [1_048_576, true, '0123456789abcdef', '750', '/srv/f'],
  ])
})

t.test('stdin goes in, an empty one too, and --json tells how much', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.copy-in': takePiece })
  const { stdout } = await run(t, ['--socket', daemon.socket, '--json', 'vm', 'copy-in', 'web', '-', '/f', '--mode', '600'], { input: 'abc' })
  t.strictSame(JSON.parse(stdout), { path: '/f', size: 3 })
  await run(t, ['--socket', daemon.socket, 'vm', 'copy-in', 'web', '-', '/f'])
  t.match(sentTo(daemon), [{ data: 'YWJj', isLast: true, mode: '600' }, { data: '', isLast: true, mode: undefined }])
})

t.test('a copy that fails, or is interrupted, is given up', async (t) => {
  const folder = await makeTestDirectory(t)
  const local = join(folder, 'f')
  writeFileSync(local, Buffer.alloc(1_500_000))
  const failing = await startFakeDaemon(t, {
    'vm.copy-in': (request) => (request.params['offset'] === 524_288 ? new FakeError(1611, 'No space left', { name: 'GUEST_FILE_FAILED' }) : takePiece(request)),
  })
  const failed = await run(t, ['--socket', failing.socket, 'vm', 'copy-in', 'web', local, '/f'])
  t.match(failed, { status: 1, stderr: /No space left/ })
  t.match(sentTo(failing).at(-1), { copy: '0123456789abcdef', abandon: true })

  let isWaiting: () => void = () => undefined
  const waiting = new Promise<void>((resolve) => (isWaiting = resolve))
  let isAbandoned: () => void = () => undefined
  const abandoned = new Promise<void>((resolve) => (isAbandoned = resolve))
  const slow = await startFakeDaemon(t, {
    'vm.copy-in': (request) => {
      if (request.params['abandon']) isAbandoned()
      if (request.params['offset'] !== 524_288) return takePiece(request)
      isWaiting()
      return new Promise(() => undefined)
    },
  })
  const running = start(t, ['--socket', slow.socket, 'vm', 'copy-in', 'web', local, '/f'])
  await waiting
  running.child.kill('SIGINT')
  t.equal((await running.ended).status, 130)
  await abandoned
  t.pass('the daemon was told')
})

t.test('a file comes out whole, with its permissions, in the place of what was there', async (t) => {
  const folder = await makeTestDirectory(t)
  const bytes = randomBytes(1_200_000)
  const daemon = await startFakeDaemon(t, { 'vm.copy-out': givePieces(bytes, { size: bytes.length, mode: '4755' }) })
  const local = join(folder, 'f')
  const copyOut = (to: string, ...more: string[]): ReturnType<typeof run> => run(t, ['--socket', daemon.socket, ...more, 'vm', 'copy-out', 'web', '/bin/f', to])
  t.strictSame(await copyOut(local), { status: 0, stdout: '', stderr: '' })
  t.ok(readFileSync(local).equals(bytes))
  t.equal(statSync(local).mode & 0o7777, 0o755, 'a guest gives nobody the rights of another user')
  symlinkSync('f', join(folder, 'link'))
  writeFileSync(local, 'old')
  t.strictSame(JSON.parse((await copyOut(join(folder, 'link'), '--json')).stdout), { path: '/bin/f', size: 1_200_000 })
  t.ok(readFileSync(local).equals(bytes), 'through a link to where it leads')
  t.strictSame(readdirSync(folder).sort(), ['f', 'link'])
  // Not /dev/null: a program with a fault here, run by root, would take it from the whole machine.
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const [{ status }, through] = await Promise.all([copyOut(pipe), readFile(pipe)])
  t.equal(status, 0)
  t.ok(through.equals(bytes), 'a pipe, as a device, is written to')
  t.ok(statSync(pipe).isFIFO(), 'and not replaced')
})

t.test('to stdout come the bytes alone', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.copy-out': givePieces(Buffer.from('abc\n'), { size: 4, mode: '644' }) })
  t.strictSame(await run(t, ['--socket', daemon.socket, 'vm', 'copy-out', 'web', '/f', '-']), { status: 0, stdout: 'abc\n', stderr: '' })
})

t.test('a copy that fails leaves what was there', async (t) => {
  const folder = await makeTestDirectory(t)
  const local = join(folder, 'f')
  const give = givePieces(Buffer.alloc(1_200_000))
  const daemon = await startFakeDaemon(t, {
    'vm.copy-out': (request) => (request.params['offset'] === 0 ? give(request) : new FakeError(1606, 'QEMU ended', { name: 'GUEST_LOST' })),
  })
  const copyOut = (): ReturnType<typeof run> => run(t, ['--socket', daemon.socket, 'vm', 'copy-out', 'web', '/f', local])
  t.match(await copyOut(), { status: 1, stderr: /QEMU ended/ })
  t.strictSame(readdirSync(folder), [])
  writeFileSync(local, 'before')
  await copyOut()
  t.equal(readFileSync(local, 'utf8'), 'before')
  t.strictSame(readdirSync(folder), ['f'])
})

t.test('folders and files that are not there are refused before the daemon is asked', async (t) => {
  const folder = await makeTestDirectory(t)
  mkdirSync(join(folder, 'dir'))
  const none = join(folder, 'none')
  const cases: [string[], RegExp][] = [
    [['copy-in', 'web', join(folder, 'dir'), '/f'], /is a folder; pack it: tar -c/],
    [['copy-in', 'web', none, '/f'], /cannot be read: ENOENT/],
    [['copy-out', 'web', '/srv/f', join(folder, 'dir')], /is a folder; name the file: .*\/dir\/f/],
    [['copy-out', 'web', '/f', join(none, 'f')], /cannot be written: ENOENT/],
    [['copy-in', 'web', none], /vm copy-in needs GUESTPATH/],
  ]
  for (const [args, message] of cases) {
    const { status, stderr } = await run(t, ['--socket', '/nonexistent/s', 'vm', ...args])
    t.equal(status, 2, args.join(' '))
    t.match(stderr, message)
  }
  t.notOk(existsSync(none))
})

t.test('on a terminal it is told how far it is', async (t) => {
  const folder = await makeTestDirectory(t)
  const bytes = Buffer.alloc(1_048_576)
  const daemon = await startFakeDaemon(t, { 'vm.copy-out': givePieces(bytes, { size: bytes.length, mode: '644' }) })
  const terminal = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${daemon.socket} vm copy-out web /f ${join(folder, 'f')}`)
  await terminal.sees('copying out of web 50%')
  t.equal((await terminal.ended).status, 0)
})
