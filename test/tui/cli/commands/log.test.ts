import t from 'tap'
import { FakeError, startFakeDaemon } from '../../../fakes/daemon.ts'
import { run, startOnTerminal } from '../../command-process.ts'

const hostile = 'boot \u001b]0;owned\u0007ok\r\n'

t.test('piped, the log is as the guest wrote it', async (t) => {
  const daemon = await startFakeDaemon(t, { 'vm.log': () => ({ text: hostile, offset: 0, nextOffset: 20 }) })
  const { status, stdout } = await run(t, ['--socket', daemon.socket, 'vm', 'log', 'web', '--source', 'qemu'])
  t.strictSame([status, stdout], [0, hostile])
  t.strictSame(daemon.requests, [{ method: 'vm.log', params: { vm: 'web', source: 'qemu' } }])
})

t.test('on a terminal, no sequence of the guest gets through', async (t) => {
  const { socket } = await startFakeDaemon(t, { 'vm.log': () => ({ text: hostile, offset: 0, nextOffset: 20 }) })
  const terminal = startOnTerminal(t, `"$NODE" "$PROGRAM" --socket ${socket} vm log web`)
  await terminal.sees('boot ok')
  terminal.child.stdin.end()
  t.notMatch((await terminal.ended).stdout, /owned|\u001b/)
})

t.test('following asks on from where the last piece ended, until there is an error', async (t) => {
  const pieces = ['one\n', '', 'two\n']
  let offset = 0
  const daemon = await startFakeDaemon(t, {
    'vm.log': () => {
      const text = pieces.shift()
      if (text === undefined) return new FakeError(1001, 'web is gone', { name: 'VM_NOT_FOUND' })
      const piece = { text, offset, nextOffset: offset + text.length }
      offset = piece.nextOffset
      return piece
    },
  })
  const { status, stdout, stderr } = await run(t, ['--socket', daemon.socket, 'vm', 'log', 'web', '--follow'])
  t.strictSame([status, stdout, stderr], [5, 'one\ntwo\n', 'aetherscale: web is gone\n'])
  t.strictSame(daemon.requests.map(({ params }) => (params as { offset?: number }).offset), [undefined, 4, 4, 8])
})
