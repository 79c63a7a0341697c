import t from 'tap'
import { planCommand, type CommandPlan } from '../../../../tui/app/command/plan-command.ts'
import { screenCommands } from '../../../../tui/app/command/table.ts'
import type { State } from '../../../../tui/app/model/state.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { makeVpn } from '../../../inputs/networks.ts'
import { makeState, makeWorld } from '../screen.tsx'

const surroundings = { table: screenCommands(), place: { cwd: () => '/srv', readFile: () => Buffer.from('text') }, home: '/home/ann' }
const world = withVms(makeWorld({ vpns: { items: [makeVpn('blue')] }, networks: { items: [] } }), [makeVm(0, { name: 'web' as never })])
const plan = (line: string, state: State = makeState({ world })): CommandPlan => planCommand(line, state, surroundings)

t.test('one call and its answer is asked over the connection that there is', async (t) => {
  t.match(plan('vm stop web --timeout 5s'), { kind: 'call', command: { method: 'vm.stop' }, requests: [{ vm: 'web', timeoutSeconds: 5 }] })
  t.match(plan('vm start web db'), { kind: 'call', requests: [{ vm: 'web' }, { vm: 'db' }] })
  t.match(plan('aetherscale info'), { kind: 'call', command: { method: 'system.info' } }, 'the name of the program may stand before it')
  t.match(plan('image import ~/my.qcow2'), { kind: 'call', requests: [{ path: '/home/ann/my.qcow2' }] })
  t.match(plan("vm create tiny --name 'web'"), { kind: 'call', requests: [{ image: 'tiny', name: 'web' }] })
})

t.test('what needs the terminal for itself is lent it', async (t) => {
  t.same(plan('vm console web'), { kind: 'lend', argv: ['vm', 'console', 'web'], waitForKey: false })
  t.same(plan('vm exec web -- ls -l "a b"'), { kind: 'lend', argv: ['vm', 'exec', 'web', '--', 'ls', '-l', 'a b'], waitForKey: true })
  t.same(plan('vpn join aevpn-invite-1.x --host-name b'), { kind: 'lend', argv: ['vpn', 'join', '-', '--host-name', 'b'], waitForKey: true, input: 'aevpn-invite-1.x' }, 'nobody sees a token in a list of processes')
  t.match(plan('vpn accept aevpn-answer-1.x'), { argv: ['vpn', 'accept', '-'], input: 'aevpn-answer-1.x' })
  for (const line of ['vm copy-in web a /a', 'setup --dry-run', 'rpc vm.list', 'vpn join -', 'vpn accept -', 'vm log web --offset 5', 'events --recent 3']) {
    t.match(plan(line), { kind: 'lend', waitForKey: true }, line)
  }
  for (const line of ['--cluster vm list', 'vm list --host b']) t.match(plan(line), { kind: 'lend', waitForKey: true }, `${line}: the screen is of this host`)
})

t.test('where there is a screen, it is shown, if nothing is asked that it does not show', async (t) => {
  const screens = { 'vm list': 'vms', 'network list': 'networks', 'vpn list': 'networks', events: 'events', doctor: 'doctor', 'vpn peer list blue': 'network', 'vpn get blue': 'network', 'image list': 'images', 'vm get web': 'vm', 'vm log web': 'log', 'vm log aaaaaaaa --source qemu --follow': 'log' }
  for (const [line, screen] of Object.entries(screens)) t.match(plan(line), { kind: 'show', view: { screen } }, line)
  t.match(plan('vm list --json'), { kind: 'call', globals: { json: true } })
  t.match(plan('vm get nobody'), { kind: 'call' })
  t.match(plan('vpn get red'), { kind: 'call' }, 'that there is none, the daemon says')
  t.match(plan('vpn invite blue --valid 1h'), { kind: 'invite', params: { vpn: 'blue', validSeconds: 3600 } })
})

t.test('help, version, and out', async (t) => {
  t.match(plan('help'), { kind: 'text', lines: [/^Usage/] })
  t.match(plan('help vm stop'), { kind: 'text', title: 'help vm stop', lines: [/vm stop/] })
  t.match(plan('vm stop --help'), { kind: 'text', title: 'help vm stop' })
  t.match(plan('--version'), { kind: 'text', lines: [/^aetherscale \d/] })
  for (const line of ['q', 'quit']) t.same(plan(line), { kind: 'leave' })
  t.same(plan('  '), { kind: 'nothing' })
})

t.test('what is no command, or makes no sense here, is said', async (t) => {
  const cases: readonly (readonly [line: string, message: string | RegExp, hint?: string | RegExp])[] = [
    ['vm stopp web', 'there is no command "vm stopp"', 'did you mean vm stop?'],
    ['vm stop', 'vm stop needs VM'],
    ['vm list --socket /x', '--socket is said when the program starts', /leave with q/],
    ['--socket-dir=/x vm list', '--socket-dir is said when the program starts'],
    ['completion bash', /there is no command "completion"/],
    ["vm get 'web", "nothing closes the '"],
    ['vm create tiny --init-script -', /stdin is the keyboard here; name a file/],
  ]
  for (const [line, message, hint] of cases) t.throws(() => plan(line), { name: 'UsageError', message, ...(hint !== undefined && { hint }) }, line)
  t.match(plan('vm exec web -- curl --socket /x'), { kind: 'lend' }, 'options of other programs are theirs')
})

t.test('a connection that only observes refuses what changes something, and says why', async (t) => {
  const { link } = world
  const state = makeState({ world: { ...world, link: { ...link, socket: '/run/observe.sock', info: { ...(link as { info: object }).info, access: 'observe' } } as never } })
  for (const line of ['vm stop web', 'vm console web', 'vpn invite blue', 'rpc vm.stop {}', 'setup']) {
    t.throws(() => plan(line, state), { name: 'UsageError', message: /read-only by observe.sock/ }, line)
  }
  for (const line of ['vm get web', 'rpc vm.get {}', 'vm log web', 'vm list']) t.doesNotThrow(() => plan(line, state), line)
})
