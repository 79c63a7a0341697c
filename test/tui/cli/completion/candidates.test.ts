import t from 'tap'
import { derivedCommands } from '../../../../tui/cli/command-table.ts'
import { findCandidates, rejoinWords } from '../../../../tui/cli/completion/candidates.ts'
import { completeCommands } from '../../../../tui/cli/own-commands.ts'

const table = completeCommands(derivedCommands)

/** Candidates at the end of the line; a blank at its end begins a new word. */
function complete(line: string): string[] {
  const words = line.split(' ')
  const { candidates, names, files } = findCandidates(words.slice(0, -1), words.at(-1)!, table)
  return [...candidates.map(({ value }) => value), ...(names ? [`<${names}>`] : []), ...(files ? ['<files>'] : [])]
}

t.test('what may stand at the cursor', async (t) => {
  const cases: readonly (readonly [line: string, candidates: readonly string[]])[] = [
    ['', ['vm', 'image', 'network', 'vpn', 'events', 'info', 'doctor', 'metrics', 'host', 'rpc', 'http', 'broker', 'completion', 'setup', 'help']],
    ['im', ['image']],
    ['image ', ['list', 'import', 'pull', 'catalogue', 'set', 'build', 'delete']],
    ['vm st', ['start', 'stats', 'stop']],
    ['--json vm st', ['start', 'stats', 'stop']],
    ['vm stats a ', ['<vm>']],
    ['vm stop ', ['<vm>']],
    ['vm stop a ', ['<vm>']],
    ['vm get a ', []],
    ['vm stop --timeout ', []],
    ['vm stop --force ', ['<vm>']],
    ['vm stop --f', ['--force']],
    ['vm stop --force --', ['--no-color', '--json', '--quiet', '--socket', '--socket-dir', '--cluster', '--host', '--within', '--help', '--version', '--timeout']],
    ['vm wait a --for ', ['running', 'agent', 'init', 'stopped']],
    ['vm wait a --for=ag', ['--for=agent']],
    ['vm create ', ['<image>']],
    ['vm create tiny --network ', ['user', 'bridge', 'network', 'vpn', 'none']],
    ['vm create tiny --network network,', ['network,name=', 'network,address=']],
    ['vm create tiny --network bridge,', ['bridge,bridge=']],
    ['network ', ['create', 'list', 'get', 'delete']],
    ['network create ', []],
    ['network delete ', ['<network>']],
    ['vpn peer list ', ['<vpn>']],
    ['vm create tiny --network user,', ['user,forward=']],
    ['vm create tiny --network=user,forward=1:1,', ['--network=user,forward=1:1,forward=']],
    ['image import ', ['<files>']],
    ['vm copy-in ', ['<vm>']],
    ['vm copy-in web ', ['<files>']],
    ['vm copy-in web f ', []],
    ['vm copy-out web /srv/f ', ['<files>']],
    ['vm exec ', ['<vm>']],
    ['vm exec web -- ls -', []],
    ['vm exec web -- ls --json=', []],
    ['--socket ', ['<files>']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['rpc rpc.', ['rpc.discover']],
    ['events --kind image.', ['image.imported', 'image.pulled', 'image.deleted']],
    ['nonsense ', []],
  ]
  for (const [line, expected] of cases) t.strictSame(complete(line).sort(), expected.toSorted(), JSON.stringify(line))
})

t.test('words that bash cut at "=" are put together', async (t) => {
  t.strictSame(rejoinWords(['vm', 'wait', '--for', '=', 'ag']), ['vm', 'wait', '--for=ag'])
  t.strictSame(rejoinWords(['--for', '=']), ['--for='])
  t.strictSame(rejoinWords(['--network', '=', 'user,forward', '=', '1:1']), ['--network=user,forward=1:1'])
  t.strictSame(rejoinWords(['a', '=', 'b']), ['a', '=', 'b'])
})
