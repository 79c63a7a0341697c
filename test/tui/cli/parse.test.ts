import t from 'tap'
import { derivedCommands } from '../../../tui/cli/command-table.ts'
import { completeCommands } from '../../../tui/cli/own-commands.ts'
import { parseInvocation } from '../../../tui/cli/parse.ts'
import { UsageError } from '../../../tui/cli/usage-error.ts'

const { commands } = completeCommands(derivedCommands)
const parse = (line: string) => parseInvocation(line === '' ? [] : line.split(' '), commands, { cwd: () => '/home/ann', readFile: () => new Uint8Array() })

const good: readonly (readonly [line: string, method: string, requests: readonly object[]])[] = [
  ['vm list', 'vm.list', [{}]],
  ['vm create tiny', 'vm.create', [{ image: 'tiny' }]],
  ['vm create --memory 2G tiny --disk=1.5GiB', 'vm.create', [{ image: 'tiny', memoryMiB: 2048, diskMiB: 1536 }]],
  ['vm create tiny --memory 512', 'vm.create', [{ image: 'tiny', memoryMiB: 512 }]],
  ['vm create tiny --no-start --autostart', 'vm.create', [{ image: 'tiny', start: false, autostart: true }]],
  ['vm create tiny --start --no-start', 'vm.create', [{ image: 'tiny', start: false }]],
  ['vm create tiny --vcpus 1 --vcpus 2', 'vm.create', [{ image: 'tiny', vcpus: 2 }]],
  ['vm create tiny --network none', 'vm.create', [{ image: 'tiny', networks: [] }]],
  [
    'vm create tiny --network user --network user,forward=2222:22,forward=udp:5353:53',
    'vm.create',
    [{ image: 'tiny', networks: [{ kind: 'user' }, { kind: 'user', forwards: ['2222:22', 'udp:5353:53'] }] }],
  ],
  [
    'vm create tiny --network bridge,bridge=br0 --network network,name=lan',
    'vm.create',
    [{ image: 'tiny', networks: [{ kind: 'bridge', bridge: 'br0' }, { kind: 'network', name: 'lan' }] }],
  ],
  ['network create lan --prefix fd00:ae:0:1::/64', 'network.create', [{ name: 'lan', prefix: 'fd00:ae:0:1::/64' }]],
  ['network delete lan dmz', 'network.delete', [{ network: 'lan' }, { network: 'dmz' }]],
  ['vm stop a b --timeout 1m30s', 'vm.stop', [{ vm: 'a', timeoutSeconds: 90 }, { vm: 'b', timeoutSeconds: 90 }]],
  ['vm stop a --force', 'vm.stop', [{ vm: 'a', force: true }]],
  ['vm wait a --for agent', 'vm.wait', [{ vm: 'a', for: 'agent' }]],
  ['vm plan', 'vm.plan', [{}]],
  ['vm plan web', 'vm.plan', [{ vm: 'web' }]],
  ['vm get -- web', 'vm.get', [{ vm: 'web' }]],
  ['vm log web --follow', 'vm.log', [{ vm: 'web', follow: true }]],
  ['vm exec web -- ls -l --json -- x', 'vm.exec', [{ vm: 'web', command: ['ls', '-l', '--json', '--', 'x'] }]],
  ['vm exec web ls', 'vm.exec', [{ vm: 'web', command: ['ls'] }]],
  ['vm exec -i --timeout 5m --env A=b --env C=d --output-limit 64K web -- x', 'vm.exec', [{ vm: 'web', command: ['x'], stdin: true, timeoutSeconds: 300, env: ['A=b', 'C=d'], outputLimitBytes: 65_536 }]],
  ['vm exec web --no-stdin -- vm list', 'vm.exec', [{ vm: 'web', command: ['vm', 'list'], stdin: false }]],
  ['vm copy-in web - /srv/f --mode 600', 'vm.copy-in', [{ vm: 'web', local: '-', path: '/srv/f', mode: '600' }]],
  ['vm copy-out web /srv/f f', 'vm.copy-out', [{ vm: 'web', path: '/srv/f', local: 'f' }]],
  ['image import debian.qcow2 --name d', 'image.import', [{ path: '/home/ann/debian.qcow2', name: 'd' }]],
  ['image import /srv/../x.raw', 'image.import', [{ path: '/x.raw' }]],
  ['events --kind vm.state --kind vm.agent', 'events.subscribe', [{ kinds: ['vm.state', 'vm.agent'] }]],
  ['events --recent 20', 'events.subscribe', [{ recent: 20 }]],
  ['vm stats', 'vm.stats', [{}]],
  ['vm stats web db --over 5s', 'vm.stats', [{ vms: ['web', 'db'], overSeconds: 5 }]],
]

const bad: readonly (readonly [line: string, message: string | RegExp, hint?: string])[] = [
  ['vmm list', 'there is no command "vmm"', 'did you mean vm?'],
  ['vm lst', 'there is no command "vm lst"', 'did you mean vm list?'],
  ['vm', /^vm needs a command: create, list/],
  ['vm snapshot', /^vm snapshot needs a command: create, list, restore, delete$/],
  ['vm snapshot creat x', /^there is no command "vm snapshot creat"/],
  ['vm snapsot create', /^there is no command "vm snapsot"/],
  ['vm create', 'vm create needs IMAGE', 'see: aetherscale help vm create'],
  ['vm stop', 'vm stop needs VM'],
  ['vm list web', 'vm list: "web" is one word too many'],
  ['vm create tiny --memroy 2G', 'vm create has no option --memroy', 'did you mean --memory?'],
  ['vm create tiny --no-strat', 'vm create has no option --no-strat', 'did you mean --no-start?'],
  ['vm exec web', 'vm exec needs COMMAND', 'see: aetherscale help vm exec'],
  ['vm exec web ls -l', 'vm exec has no option -l', 'what is not for aetherscale stands behind --: vm exec VM -- COMMAND...'],
  ['vm exec web --timeuot 3 -- x', 'vm exec has no option --timeuot', 'did you mean --timeout?'],
  ['vm exec web --timeout 25h -- x', '--timeout is at most 1d, not 25h'],
  ['vm list -i', 'vm list has no option -i'],
  ['vm create tiny -m 2G', 'vm create has no option -m'],
  ['vm create tiny --memory', '--memory needs a value: SIZE'],
  ['vm create tiny --memory --json', '--memory needs a value: SIZE'],
  ['vm create tiny --memory 2X', /^--memory is a size: .*; not "2X"$/],
  ['vm create tiny --memory 1K', /^--memory is a size/],
  ['vm create tiny --memory 16M', '--memory is at least 32 MiB, not 16M'],
  ['vm create tiny --memory 8T', '--memory is at most 4 TiB, not 8T'],
  ['vm create tiny --vcpus two', '--vcpus is a whole number; not "two"'],
  ['vm create tiny --autostart=yes', '--autostart takes no value'],
  ['vm create tiny --network', '--network needs a value: user|bridge|network|vpn[,KEY=VALUE...]'],
  ['vm create tiny --network usr', '--network begins with user, bridge, network or vpn, not "usr"', 'did you mean user?'],
  ['vm create tiny --network user,forwrd=1:1', /has no "forwrd"; it has forward$/, 'did you mean forward?'],
  ['vm create tiny --network user,forward', /^--network: forward needs a value/],
  ['vm create tiny --network network', '--network network needs name=NAME'],
  ['vm create tiny --network none --network user', '--network none stands alone'],
  ['vm wait a --for agnet', '--for is running, agent, init or stopped, not "agnet"', 'did you mean agent?'],
  ['vm stop a --timeout -5', '--timeout needs a value: TIME'],
  ['vm stop a --timeout=-5', /^--timeout is a time/],
  ['--socket /a --socket-dir /b vm list', '--socket and --socket-dir exclude each other'],
  ['completion csh', /^SHELL is bash, zsh or fish/],
  ['rpc', 'rpc needs METHOD'],
]

t.test('a good line becomes params, without what was not said', async (t) => {
  for (const [line, method, requests] of good) {
    const invocation = parse(line)
    t.match(invocation, { kind: 'command', command: { method } }, line)
    t.strictSame(invocation.kind === 'command' && invocation.requests, requests, line)
  }
})

t.test('a bad line says what is wrong, and what was probably meant', async (t) => {
  for (const [line, message, hint] of bad) {
    let error: unknown
    try {
      parse(line)
    } catch (thrown) {
      error = thrown
    }
    t.ok(error instanceof UsageError, line)
    t.match((error as Error).message, message, line)
    if (hint !== undefined) t.equal((error as UsageError).hint, hint, line)
  }
})

t.test('only where a command of somebody else is given, its options are said to stand behind --', async (t) => {
  const refuse = (line: string): UsageError => {
    try {
      parse(line)
    } catch (thrown) {
      return thrown as UsageError
    }
    throw new Error(`${line} was taken`)
  }
  t.match(refuse('vm exec web -x').hint, /stands behind --/)
  t.equal(refuse('vm stats web -x').hint, undefined)
})

t.test('options of every command stand anywhere', async (t) => {
  for (const line of ['--json -q --socket-dir run vm list', 'vm --json list -q --socket-dir=run', 'vm list --socket-dir run --quiet --json']) {
    const invocation = parse(line)
    t.match(invocation, { globals: { json: true, quiet: true, color: true, directory: '/home/ann/run' } }, line)
  }
  t.match(parse('vm list --no-color'), { globals: { json: false, color: false } })
})

t.test('help and version are asked for in each of their ways', async (t) => {
  t.match(parse('--screen-reader --socket /s'), { kind: 'screen', globals: { screenReader: true, socket: '/s' } }, 'without a command: the screen')
  t.match(parse(''), { kind: 'screen', globals: { screenReader: false } })
  t.throws(() => parse('vm list --screen-reader'), /vm list has no option/)
  t.strictSame(parse('-h'), { kind: 'help', words: [] })
  t.strictSame(parse('vm --help'), { kind: 'help', words: ['vm'] })
  t.strictSame(parse('vm create --help'), { kind: 'help', words: ['vm', 'create'] })
  t.strictSame(parse('--version'), { kind: 'version' })
  t.match(parse('help vm create'), { requests: [{ command: ['vm', 'create'] }] })
})

t.test('the working directory is asked for only where a path is relative to it', async (t) => {
  const gone = (): string => {
    throw new Error('ENOENT: uv_cwd')
  }
  t.match(parseInvocation(['vm', 'list'], commands, { cwd: gone, readFile: () => new Uint8Array() }), { kind: 'command' })
  t.throws(() => parseInvocation(['image', 'import', 'x'], commands, { cwd: gone, readFile: () => new Uint8Array() }), /uv_cwd/)
})

t.test('a text is that of a file, or of stdin, to the byte', async (t) => {
  const files: Record<string, Uint8Array> = {
    '/home/ann/init.sh': Buffer.from('#!/bin/sh\r\necho "\u00fc"\n'),
    '-': Buffer.from('\ufeffx'),
    '/home/ann/latin1': Buffer.from([0xfc]),
  }
  const readFile = (path: string): Uint8Array => {
    const found = files[path]
    if (!found) throw Object.assign(new Error(), { code: 'ENOENT' })
    return found
  }
  const read = (path: string) => parseInvocation(['vm', 'create', 'tiny', '--init-script', path], commands, { cwd: () => '/home/ann', readFile })
  const script = (initScript: string) => ({ requests: [{ image: 'tiny', initScript }] })
  t.match(read('init.sh'), script('#!/bin/sh\r\necho "\u00fc"\n'))
  t.match(read('-'), script('\ufeffx'))
  t.throws(() => read('latin1'), /not text in UTF-8/)
  t.throws(() => read('none'), /"none" cannot be read: ENOENT/)
})
