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
const words = (name: string, about: string, placeholder: string): Field =>
  word(name, about, { placeholder, shape: { kind: 'list', items: { kind: 'string' } } })
const flag = (name: string, about: string): Field => word(name, about, { shape: { kind: 'boolean', bare: true } })

/** Options of every command, before or after its words. */
export const globalOptions: readonly Field[] = [
  flag('json', 'Print the result as JSON: on one line, or indented on a terminal; errors too, on stderr'),
  { ...flag('quiet', 'Print ids or names alone, and neither progress nor hints'), short: 'q' },
  word('socket', "Path of the daemon's socket", { placeholder: 'PATH', shape: { kind: 'path' } }),
  word('socket-dir', 'Directory of control.sock and observe.sock; also AETHERSCALE_SOCKET_DIR', { placeholder: 'DIR', shape: { kind: 'path' } }),
  flag('cluster', 'Ask all hosts on the broker, and print their answers together; see `aetherscale host list`'),
  word('host', 'Ask this host on the broker alone', { placeholder: 'NAME' }),
  word('within', 'With --cluster and --host: how long hosts have to answer; 5s where not said, longer for what takes longer', {
    placeholder: 'TIME',
    shape: { kind: 'integer', unit: 's', min: 1, max: 86_400 },
  }),
  flag('no-color', 'Without colours; also NO_COLOR'),
  { ...flag('help', 'Show help'), short: 'h' },
  flag('version', 'Show the version'),
]

/** Options where there is no command, and so the screen. */
export const screenOptions: readonly Field[] = [flag('screen-reader', 'Plain lines, for a screen reader; also INK_SCREEN_READER=true')]

const setupOptions: readonly Field[] = [
  words('bridge', 'A bridge of the host that VMs may be on; may be given several times', 'BRIDGE'),
  word('prefix', 'An IPv6 prefix of at most 64 bits, of which VMs\' private networks may have parts'),
  word('create-bridge', 'Make this bridge and move the addresses and routes of the uplink to it', { placeholder: 'BRIDGE' }),
  word('uplink', 'The link that --create-bridge puts on the bridge', { placeholder: 'LINK' }),
  words('member', 'A user who may do everything; may be given several times', 'USER'),
  words('observer', 'A user who may look on; may be given several times', 'USER'),
  flag('user', 'For your own user alone: no other user, no groups'),
  flag('dry-run', 'Print what would be done, and do nothing'),
  flag('yes', 'Do not ask'),
  flag('confirm', 'Keep a bridge that was made in the last 60 seconds'),
  flag('remove', 'Take back all that setup has made'),
  flag('purge', 'With --remove: VMs, disks and images too'),
]

const httpOptions: readonly Field[] = [
  word('listen', 'Listen on TCP instead, such as on 127.0.0.1:5000, and ask for a token', { placeholder: 'HOST:PORT' }),
  word('unix', 'Listen on this socket instead of http.sock beside the daemon\'s', { placeholder: 'PATH', shape: { kind: 'path' } }),
  word('group', 'With a Unix socket: a group that may use it, besides your user'),
  word('tls-cert', 'Certificate in PEM, with those between it and the root', { placeholder: 'FILE', shape: { kind: 'path' }, completes: 'file' }),
  word('tls-key', 'Its key in PEM', { placeholder: 'FILE', shape: { kind: 'path' }, completes: 'file' }),
  word('token-file', 'File with the token, for its owner alone (default http.token in the configuration folder); made where there is none', {
    placeholder: 'FILE',
    shape: { kind: 'path' },
    completes: 'file',
  }),
  flag('insecure-no-token', 'Ask for no token; only where other machines cannot reach it'),
  flag('read-only', 'Serve what changes nothing, by the observe socket'),
  words('allow-host', 'A name that this server is reached by; may be given several times', 'NAME'),
  word('memory', 'Of VMs made by the old routes (default 4G)', { placeholder: 'SIZE', shape: { kind: 'integer', min: 32, unit: 'MiB' } }),
  word('bridge', 'Where VMs with a public address are that the old routes make (default br0)'),
]

const vm = word('vm', 'Id or name of a VM', { required: true, completes: 'vm' })
const local = (about: string): Field => word('local', about, { required: true, completes: 'file' })
const guestPath = word('path', 'Absolute path of the file in the guest', { required: true, placeholder: 'GUESTPATH' })

const ownCommands: readonly Command[] = [
  {
    words: ['vm', 'copy-in'],
    method: 'vm.copy-in',
    access: 'control',
    summary: 'Copy a file into the guest',
    description:
      'The file is there when it is whole, or not at all; it belongs to root, with the permissions of LOCAL. A folder is packed ' +
      'first: tar -c FOLDER | aetherscale vm copy-in VM - /tmp/folder.tar',
    positionals: [vm, local('File to copy, of 1 GiB at the most; - is stdin'), guestPath],
    options: [word('mode', 'Permissions in octal digits (default those of LOCAL; 644 for stdin)')],
  },
  {
    words: ['vm', 'copy-out'],
    method: 'vm.copy-out',
    access: 'control',
    summary: 'Copy a file out of the guest',
    description: 'LOCAL is there when it is whole, or as it was before; it gets the permissions that the file has in the guest.',
    positionals: [vm, guestPath, local('File to write; - is stdout')],
    options: [],
  },
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
    words: ['http'],
    access: 'control',
    summary: 'Serve the daemon over HTTP, until ended',
    description:
      'Every method of the daemon has a route below /v1, which /v1/openapi.json describes; /vm and /vpn are those of the first ' +
      'aetherscale. Without --listen it is a Unix socket of your own: curl --unix-socket. On an address that other machines reach, ' +
      'only with --tls-cert and --tls-key. SIGHUP has certificate and token read anew, and cuts nobody off. The log goes to stderr.',
    positionals: [],
    options: httpOptions,
  },
  {
    words: ['host', 'list'],
    access: 'observe',
    summary: 'List the hosts on the broker, with what they have, and whether their keys are those pinned here',
    positionals: [],
    options: [],
  },
  {
    words: ['host', 'key'],
    access: 'observe',
    summary: 'Print the public key of this host, for `aetherscale host trust` on others',
    positionals: [],
    options: [],
  },
  {
    words: ['host', 'trust'],
    access: 'control',
    summary: 'Pin the key of another host: VPNs of hosts that have pinned each other come together by themselves',
    description: 'On the other host, aetherscale host key prints it; - reads it from stdin: ssh b aetherscale host key | aetherscale host trust b -',
    positionals: [word('name', 'Name of the host', { required: true }), word('key', 'Its public key, or -', { required: true })],
    options: [],
  },
  {
    words: ['host', 'untrust'],
    access: 'control',
    summary: 'Forget the key of another host',
    positionals: [word('name', 'Name of the host', { required: true })],
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
    words: ['setup'],
    access: 'control',
    summary: 'Make this machine a host of VMs, or take that back; needs root',
    description: 'Prints what it will do and asks before it does. Run again, it does what is missing.',
    positionals: [],
    options: setupOptions,
  },
  {
    words: ['broker'],
    access: 'control',
    summary: 'Join this host to RabbitMQ, and take requests for VMs from there, until interrupted',
    description:
      'Where RabbitMQ is, and what this host offers, is in broker.json of the configuration folder; RABBITMQ_HOST goes before the ' +
      'host there, HOSTNAME says the name of this host where it does not. What happens is logged on stderr, as much of it as LOG_LEVEL says.',
    positionals: [],
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
  'vm.exec': [
    word('stdin', 'Send stdin to the command also where it is a terminal; --no-stdin: not where it is none either', {
      short: 'i',
      shape: { kind: 'boolean' },
    }),
    word('env', 'NAME=VALUE; where given, the whole environment of the command, but for PATH', {
      placeholder: 'NAME=VALUE',
      shape: { kind: 'list', items: { kind: 'string' } },
    }),
  ],
  'vpn.join': [words('answer-to', 'Hand the answer over to this host of the VPN by ssh(1); may be given several times', '[USER@]HOST')],
  'vm.log': [flag('follow', 'Go on printing what comes, until interrupted')],
  'vm.init-log': [flag('follow', 'Go on printing what comes, until the first boot is over')],
}

const ownSummaries: Readonly<Record<string, string>> = {
  'events.subscribe': 'Print what happens to VMs, images, networks and VPNs',
}

const ownDescriptions: Readonly<Record<string, string>> = {
  'vm.exec':
    'Options of the command stand behind --: aetherscale vm exec VM -- COMMAND ARG... No shell reads it: for one, -- sh -c ' +
    "'...'. Stdin, of 512 KiB at the most, is sent where it is no terminal; stdout and stderr come at its end, to the byte. It " +
    'ends when they are closed, so what is left in the background sends its output elsewhere. After --timeout, and at ' +
    'ctrl-C, it is killed with the processes that it started. Exit status: that of the command; 128 and the number of the ' +
    'signal that ended it; 255 where it was not run, did not end in time, or had more output than is answered.',
  'vpn.invite': 'The token alone is on stdout: aetherscale vpn invite blue | ssh b aetherscale vpn join - | aetherscale vpn accept -',
  'vpn.join':
    'TOKEN - is read from stdin, where other users of this machine do not see it. The answer alone is on stdout; with ' +
    '--answer-to it is given to `aetherscale vpn accept` there, and printed only if that fails.',
  'vpn.accept': 'ANSWER - is read from stdin.',
  'vm.log': 'On a terminal, control sequences of the guest are left out; piped, the text is as the guest wrote it.',
  'vm.init-log':
    'With --follow the exit status is 1 where the first boot has failed. On a terminal, control sequences of the guest are left out.',
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
