import t from 'tap'
import { UserError } from '../../../policy/errors.ts'
import { ConnectionError, RpcError } from '../../../tui/connection-error.ts'
import { derivedCommands } from '../../../tui/cli/command-table.ts'
import { explainFailure } from '../../../tui/cli/failure.ts'
import { UsageError } from '../../../tui/cli/usage-error.ts'

t.test('each kind of failure has its exit status and its words', async (t) => {
  const failures: readonly (readonly [error: unknown, exit: number, lines: readonly string[]])[] = [
    [new UsageError('no such option', 'did you mean --x?'), 2, ['aetherscale: no such option; did you mean --x?']],
    [new ConnectionError('absent', '/s', 'no daemon', { hint: 'start it' }), 3, ['aetherscale: no daemon; start it']],
    [new ConnectionError('lost', '/s', 'gone'), 3, ['aetherscale: gone']],
    [new ConnectionError('denied', '/s', 'not permitted', { hint: 'join' }), 4, ['aetherscale: not permitted; join']],
    [new ConnectionError('timeout', '/s', 'late'), 7, ['aetherscale: late']],
    [new UserError('PATH_TOO_LONG', 'too long', { hint: 'shorten' }), 1, ['aetherscale: too long', '  shorten']],
    [answered(1001, 'VM_NOT_FOUND'), 5, ['aetherscale: why', '  what to do']],
    [answered(1002, 'VM_NAME_TAKEN'), 6, ['aetherscale: why', '  what to do']],
    [answered(1005, 'VM_WAIT_TIMEOUT'), 7, ['aetherscale: why', '  what to do']],
    [answered(-32001, 'ACCESS_DENIED'), 4, ['aetherscale: why', '  what to do']],
    [answered(9999, 'OF_A_LATER_VERSION'), 1, ['aetherscale: why', '  what to do']],
    [new RpcError({ code: -32603, message: 'a\u001b[2Jb' }), 1, ['aetherscale: a\\x1b[2Jb']],
  ]
  for (const [error, exit, lines] of failures) {
    const failure = explainFailure(error)
    t.equal(failure.exit, exit, String(error))
    t.strictSame(failure.lines, lines)
  }
})

t.test('a param that is wrong is named as it was typed', async (t) => {
  const create = derivedCommands.commands.find(({ method }) => method === 'vm.create')!
  const wrong = (field: string): string =>
    explainFailure(new RpcError({ code: -32602, message: 'bad', data: { name: 'INVALID_PARAMS', field } }), create).lines[0]!
  t.equal(wrong('memoryMiB'), 'aetherscale: --memory: bad')
  t.equal(wrong('networks.0.forwards.1'), 'aetherscale: --network: bad')
  t.equal(wrong('image'), 'aetherscale: IMAGE: bad')
})

t.test('for programs, the error of the daemon is passed on as it came', async (t) => {
  const object = { code: 1001, message: 'why', data: { name: 'VM_NOT_FOUND' as const, hint: 'what to do' } }
  t.strictSame(explainFailure(new RpcError(object)).object, object)
  t.match(explainFailure(new UsageError('x')).object, { message: 'x', data: { name: 'USAGE' } })
})

t.test('a defect shows where it is', async (t) => {
  const failure = explainFailure(new TypeError('undefined is not a function'))
  t.equal(failure.exit, 1)
  t.match(failure.lines.join('\n'), /failure\.test\.ts/)
})

function answered(code: number, name: string): RpcError {
  return new RpcError({ code, message: 'why', data: { name: name as 'INTERNAL', hint: 'what to do' } })
}
