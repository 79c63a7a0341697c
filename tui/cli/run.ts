/** From argv to the exit status. */
import { readFileSync } from 'node:fs'
import { readVersion } from '../version.ts'
import { derivedCommands, type Command, type CommandTable } from './command-table.ts'
import { renderScript } from './completion/scripts.ts'
import { explainFailure } from './failure.ts'
import { renderHelp } from './help.ts'
import { printLines, proseWidth, type Io } from './io.ts'
import { completeCommands } from './own-commands.ts'
import { parseInvocation, type Invocation } from './parse.ts'

/** Runs one command line. Every failure is told on stderr; this never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let command: Command | undefined
  try {
    const table = completeCommands(derivedCommands)
    if (argv[0] === '__complete') return await (await loadRunners()).offerCompletions(argv.slice(1), table, io)
    const invocation = parseInvocation(argv, table.commands, { cwd: () => io.cwd, readFile: (path) => readFileSync(path === '-' ? 0 : path) })
    if (invocation.kind === 'command') ({ command } = invocation)
    return await carryOut(invocation, table, io)
  } catch (error) {
    const { exit, lines, object } = explainFailure(error, command)
    printLines(io.stderr, argv.includes('--json') ? [JSON.stringify(object)] : lines)
    return exit
  }
}

async function carryOut(invocation: Invocation, table: CommandTable, io: Io): Promise<number> {
  if (invocation.kind === 'version') return print(io, [`aetherscale ${readVersion()}`])
  if (invocation.kind === 'help') return print(io, renderHelp(invocation.words, table, proseWidth(io)))
  if (invocation.kind === 'screen') {
    const isTerminal = io.stdin.isTTY && io.stdout.isTTY
    if (!isTerminal) return print(io, renderHelp([], table, proseWidth(io)))
    return await (await import('../app/start.tsx')).startTerminal(io, invocation.globals)
  }
  const { command, requests } = invocation
  const [params = {}] = requests
  switch (command.words[0]) {
    case 'help':
      return print(io, renderHelp((params['command'] ?? []) as readonly string[], table, proseWidth(io)))
    case 'completion':
      return print(io, renderScript(params['shell'] as string))
    default:
      return (await loadRunners()).chooseRunner(command.words, invocation.globals)({ ...invocation, io, table })
  }
}

function print(io: Io, lines: readonly string[]): number {
  printLines(io.stdout, lines)
  return 0
}

const loadRunners = () => import('./commands/runners.ts')
