/** The same screens on terminals of other kinds. */
import t from 'tap'
import type { State } from '../../../../tui/app/model/state.ts'
import { withStats, withVms } from '../../../../tui/app/model/world.ts'
import { eventsView } from '../../../../tui/app/screens/events/screen.ts'
import { networksView } from '../../../../tui/app/screens/networks/screen.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeNetwork, makePeer, makeVpn } from '../../../inputs/networks.ts'
import { makeVm, makeVms, SOME_TIME } from '../../../inputs/vms.ts'
import { matchPicture } from '../picture.ts'
import { drawFrame, makeState, makeWorld, paintFrame, SMALL, type Look } from '../screen.tsx'

const vms = [...makeVms(5), makeVm(7, { state: 'broken', problem: 'Its disk is not there' })]
const stats = vms.slice(0, 3).map((vm, index) => ({ vm: vm.id, cpuSeconds: 1, cpuPercent: index * 31.5, memoryBytes: 200e6 * (index + 1) }))
const world = withStats(
  withVms(
    makeWorld({
      networks: { items: [makeNetwork('lan', { problem: 'the helper does not answer' })] },
      vpns: { items: [makeVpn('blue', { peers: ['hostb'] })] },
      peers: { items: new Map([['blue', [makePeer('hostb', { reachable: false })]]]) },
      events: [{ kind: 'helper.decided', at: new Date(SOME_TIME).toISOString(), operation: 'tap.ensure', subject: 'web', decision: 'refused', reason: 'no', durationMs: 1 }],
      checks: { items: [{ subject: 'tincd', status: 'missing', detail: 'not found', remedy: 'sudo apt-get install tinc' }] },
    }),
    vms,
  ),
  SOME_TIME,
  stats,
)
const list = { ...firstView.list, cursor: 'aaaaaaaa', marks: new Set(['aaaaaaaa', 'baaaaaaa']) }
const vmsState = makeState({ world, stack: [{ ...firstView, list }] })
const vmState = makeState({ world, stack: [firstView, { screen: 'vm', vm: 'baaaaaaa', tab: 'facts', scroll: { top: 0 } }] })
const dialogState: State = { ...vmsState, dialog: { title: 'Stop vm-0000?', lines: ['The guest is asked.'], confirm: 'Stop', focus: 'cancel', run: () => {} } }
const offerState: State = {
  ...vmsState,
  prompt: { kind: 'command', field: { text: 'vm start', at: 8 }, offer: { candidates: [{ value: 'start', about: 'Start it' }, { value: 'stop', about: 'Stop it' }], chosen: 0, start: 3, before: { text: 'vm st', at: 5 } } },
}
const all: Readonly<Record<string, State>> = {
  vms: vmsState,
  vm: vmState,
  dialog: dialogState,
  offer: offerState,
  networks: makeState({ world, stack: [networksView] }),
  network: makeState({ world, stack: [networksView, { screen: 'network', kind: 'vpn', name: 'blue', top: 0 }] }),
  events: makeState({ world, stack: [eventsView] }),
  doctor: makeState({ world, stack: [{ screen: 'doctor', top: 0 }] }),
  help: { ...vmsState, help: 0 },
  done: { ...vmsState, notice: { kind: 'done', text: 'vm-0000 runs' } },
  error: { ...vmsState, notice: { kind: 'error', text: 'no' } },
  problem: { ...vmsState, prompt: { kind: 'command', field: { text: 'x', at: 1 }, problem: 'there is no command "x"' } },
  down: makeState({ world: { ...world, link: { state: 'down', message: 'no daemon', since: SOME_TIME } } }),
}

const looks: Readonly<Record<string, Look>> = {
  ascii: { env: { LANG: 'C', TERM: 'xterm' } },
  dumb: { env: { LANG: 'C.UTF-8', TERM: 'dumb' } },
  'linux-console': { env: { LANG: 'C.UTF-8', TERM: 'linux' } },
}

for (const [name, look] of Object.entries(looks)) {
  t.test(`pictures: ${name}`, async (t) => {
    for (const [screen, state] of Object.entries({ vms: vmsState, vm: vmState, dialog: dialogState })) {
      matchPicture(t, `look-${name}-${screen}`, `${await drawFrame({ ...state, size: SMALL }, look)}\n`)
    }
  })
}

/** Foreground and background colours (ECMA-48, SGR; 38, 48, 90 and 100 onwards are xterm's and aixterm's). */
const COLOR = /\u001b\[[\d;]*?\b(3[0-8]|4[0-8]|9[0-7]|10[0-7])[\d;]*m/

t.test('with NO_COLOR no colour is written on any screen, and the same characters as with colours', async (t) => {
  for (const [name, state] of Object.entries(all)) {
    const env = { LANG: 'C.UTF-8', TERM: 'xterm' }
    t.match(await paintFrame(state, { env }), COLOR, `${name} has colours`)
    t.notMatch(await paintFrame(state, { env: { ...env, NO_COLOR: '1' } }), COLOR, `${name}, NO_COLOR`)
    t.equal(await drawFrame(state, { env: { ...env, NO_COLOR: '1' } }), await drawFrame(state, { env }), `${name}, the same characters`)
  }
})

t.test('a terminal without attributes gets none, and no character that is not ASCII', async (t) => {
  for (const [name, state] of Object.entries(all)) t.notMatch(await paintFrame(state, looks['dumb']), /\u001b|[^\n -~]/, name)
})

t.test('where the locale is not UTF-8, all characters are ASCII', async (t) => {
  for (const [name, state] of Object.entries(all)) t.notMatch(await drawFrame(state, looks['ascii']), /[^\n -~]/, name)
})

t.test('the current row, button and cursor can be told without attributes too', async (t) => {
  t.match(await drawFrame(vmsState, looks['dumb']), /^\*>vm-0000/m)
  t.match(await drawFrame(all['networks']!, looks['dumb']), /^> blue/m)
  t.match(await drawFrame(dialogState, looks['dumb']), /\[>Cancel<\] {2}\[ Stop \]/)
  t.match(await drawFrame(offerState, looks['dumb']), /^>start[^]*^:vm start_/m)
})

t.test('pictures: for a screen reader', async (t) => {
  for (const [name, state] of Object.entries({ ...all, empty: makeState({ world: withVms(world, []) }) })) matchPicture(t, `spoken-${name}`, `${await drawFrame(state, { ...looks['ascii'], screenReader: true })}\n`)
})
