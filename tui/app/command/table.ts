/** The commands that can be typed on the screen: those of the command line, and the ones that leave it. */
import { derivedCommands, type Command, type CommandTable } from '../../cli/command-table.ts'
import { completeCommands } from '../../cli/own-commands.ts'

const leave = (word: string): Command => ({ words: [word], access: 'observe', summary: 'Leave this screen', positionals: [], options: [] })

export const LEAVING: readonly string[] = ['q', 'quit']

/** A completion script is for a shell. */
const shellOnly: ReadonlySet<string> = new Set(['completion'])

export function screenCommands(): CommandTable {
  const { commands, methods } = completeCommands(derivedCommands)
  return { commands: [...commands.filter(({ words: [first = ''] }) => !shellOnly.has(first)), ...LEAVING.map(leave)], methods }
}

/** Options that say how the whole program runs: it does already. */
export const STARTING_OPTIONS: readonly string[] = ['--socket', '--socket-dir', '--no-color', '--screen-reader']
