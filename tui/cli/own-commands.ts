/** What the method table does not know: commands of the CLI's own, options of its own, and options of every command. */
import type { Command, CommandTable, Field } from './command-table.ts'

const word = (name: string, about: string, more: Partial<Field> = {}): Field => ({
  param: name,
  flag: name,
  placeholder: name.toUpperCase(),
  about,
  required: false,
  shape: { kind: 'string' },
  ...more,
})
const flag = (name: string, about: string): Field => word(name, about, { shape: { kind: 'boolean', bare: true } })

/** Options of every command, before or after its words. */
export const globalOptions: readonly Field[] = [
  flag('json', 'Print the result as JSON: on one line, or indented on a terminal; errors too, on stderr'),
  flag('quiet', 'Print ids or names alone, and neither progress nor hints'),
  word('socket', "Path of the daemon's socket", { placeholder: 'PATH', shape: { kind: 'path' } }),
  word('socket-dir', 'Directory of control.sock and observe.sock; also AETHERSCALE_SOCKET_DIR', { placeholder: 'DIR', shape: { kind: 'path' } }),
  flag('no-color', 'Without colours; also NO_COLOR'),
  flag('help', 'Show help'),
  flag('version', 'Show the version'),
]

const ownCommands: readonly Command[] = [
  {
    words: ['rpc'],
    access: 'control',
    summary: 'Call any method of the daemon with JSON, and print its result',
    description: 'PARAMS is a JSON object; `-` reads it from stdin; {} where not said. `rpc rpc.discover` describes all methods.',
    positionals: [
      word('method', 'Name of the method, such as vm.list', { required: true, completes: 'method' }),
      word('params', 'The params as a JSON object, or -'),
    ],
    options: [],
  },
  {
    words: ['completion'],
    access: 'observe',
    summary: 'Print the completion script of a shell',
    description:
      'bash: eval "$(aetherscale completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, after compinit. ' +
      'fish: aetherscale completion fish > ~/.config/fish/completions/aetherscale.fish',
    positionals: [
      word('shell', 'The shell', { required: true, shape: { kind: 'choice', choices: ['bash', 'zsh', 'fish'] } }),
    ],
    options: [],
  },
  {
    words: ['help'],
    access: 'observe',
    summary: 'Show help for a command',
    positionals: [word('command', 'The words of the command', { completes: 'command', shape: { kind: 'list', items: { kind: 'string' } } })],
    options: [],
  },
]

const ownOptions: Readonly<Record<string, readonly Field[]>> = {
  'vm.log': [flag('follow', 'Go on printing what comes, until interrupted')],
}

const ownSummaries: Readonly<Record<string, string>> = {
  'events.subscribe': 'Print what happens to VMs and images',
}

const ownDescriptions: Readonly<Record<string, string>> = {
  'vm.log': 'On a terminal, control sequences of the guest are left out; piped, the text is as the guest wrote it.',
  'vm.console':
    'ctrl-] leaves. Without a terminal stdin is sent to the guest; after its end, output is printed until the guest has been ' +
    'silent for 2 s.',
  'events.subscribe': 'One line an event, until interrupted.',
  'system.doctor':
    'The daemon is asked; where none answers, its program checks the host by itself. Exit status 1 if something needed is missing.',
}

/** The derived table with the CLI's own additions: all that can be typed. */
export function completeCommands(derived: CommandTable): CommandTable {
  const commands = derived.commands.map((command): Command => {
    const method = command.method ?? ''
    const description = ownDescriptions[method] ?? command.description
    const options = [...command.options, ...(ownOptions[method] ?? [])]
    const summary = ownSummaries[method] ?? command.summary
    return { ...command, summary, options, ...(description !== undefined && { description }) }
  })
  return { ...derived, commands: [...commands, ...ownCommands] }
}
