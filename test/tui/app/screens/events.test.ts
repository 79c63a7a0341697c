import t from 'tap'
import type { Event } from '../../../../policy/api/events.ts'
import { pressKey } from '../../../../tui/app/keys/route.ts'
import { cursorKey } from '../../../../tui/app/model/list.ts'
import { currentView } from '../../../../tui/app/model/state.ts'
import { withEvent } from '../../../../tui/app/model/world.ts'
import { currentEvent, eventsView } from '../../../../tui/app/screens/events/screen.ts'
import { createEventRows, NEWEST } from '../../../../tui/app/screens/events/rows.ts'
import { SOME_TIME } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { matchPictures } from '../picture.ts'
import { makeState, makeWorld } from '../screen.tsx'

const at = (seconds: number): string => new Date(SOME_TIME - seconds * 1000).toISOString()
const event = (more: object): Event => more as unknown as Event
const vm = { vm: 'abcdefgh', name: 'web' }
const addresses = [{ address: '10.0.2.15', prefixLength: 24, interface: 'eth0' }, { address: 'fde7:2361:234a:1:5054:ff:fe00:11', prefixLength: 64, interface: 'eth1' }]
const reason = 'the allowlist grants this user 4 taps, and there are as many'

const events = [
  event({ kind: 'image.pulled', at: at(100_000), image: 'debian-12' }),
  event({ kind: 'network.created', at: at(400), network: 'lan' }),
  event({ kind: 'helper.decided', at: at(400), operation: 'bridge.ensure', subject: 'lan', decision: 'granted', durationMs: 12.4 }),
  event({ kind: 'vm.created', at: at(300), ...vm }),
  event({ kind: 'vm.state', at: at(299), ...vm, from: 'stopped', to: 'starting' }),
  event({ kind: 'vm.state', at: at(290), ...vm, from: 'starting', to: 'running' }),
  event({ kind: 'vm.agent', at: at(280), ...vm, agent: 'connected' }),
  event({ kind: 'vm.addresses', at: at(270), ...vm, addresses }),
  event({ kind: 'vm.init', at: at(200), ...vm, state: 'failed', exitCode: 3 }),
  event({ kind: 'helper.decided', at: at(150), operation: 'tap.ensure', subject: 'db nic 0', decision: 'refused', reason, durationMs: 0.6 }),
  event({ kind: 'helper.decided', at: at(140), operation: 'tap.ensure', subject: 'db nic 0', decision: 'failed', reason: 'nobody answered', durationMs: 2000 }),
  event({ kind: 'vpn.peers', at: at(100), vpn: 'blue', peers: ['hostb', 'hostc'] }),
  event({ kind: 'vm.changed', at: at(50), vm: 'hgfedcba', name: undefined }),
]
const world = makeWorld({ events })

t.test('events, newest last', async (t) => {
  await matchPictures(t, 'events', makeState({ world, stack: [eventsView] }))
})

t.test('the decisions of the helper alone', async (t) => {
  await matchPictures(t, 'events-helper', makeState({ world, stack: [{ ...eventsView, about: 'helper' }] }))
})

t.test('nothing has happened yet', async (t) => {
  await matchPictures(t, 'events-none', makeState({ stack: [eventsView] }))
})

t.test('all of one event', async (t) => {
  const context = holdState(makeState({ world, stack: [{ ...eventsView, about: 'helper' }] }))
  pressKey({ name: 'k' }, context)
  pressKey({ name: 'enter' }, context)
  await matchPictures(t, 'event', context.get())
})

t.test('the cursor goes along with the newest event, until it is moved', async (t) => {
  const context = holdState(makeState({ world, stack: [eventsView] }))
  const shown = (): string | undefined => {
    const view = currentView(context.get())
    return view.screen === 'events' ? currentEvent(view, context.get())?.event.at : undefined
  }
  t.equal(shown(), at(50))
  context.change((now) => ({ ...now, world: withEvent(now.world, event({ kind: 'vm.deleted', at: at(1), ...vm })) }))
  t.equal(shown(), at(1), 'follows')
  pressKey({ name: 'k' }, context)
  context.change((now) => ({ ...now, world: withEvent(now.world, event({ kind: 'vm.deleted', at: at(0), ...vm })) }))
  t.equal(shown(), at(50), 'stays')
  pressKey({ name: 'G' }, context)
  context.change((now) => ({ ...now, world: withEvent(now.world, event({ kind: 'vm.deleted', at: at(-1), ...vm })) }))
  t.equal(shown(), at(-1), 'follows again')
})

t.test('tab goes from all events to those of VMs, to those of the helper, and round', async (t) => {
  const context = holdState(makeState({ world, stack: [eventsView] }))
  const rowsOf = createEventRows()
  const kinds = (): Set<string> => {
    const view = currentView(context.get())
    return new Set(view.screen === 'events' ? rowsOf(view, context.get().world).map((row) => row.event.kind.split('.')[0]!) : [])
  }
  const seen = ['', 'tab', 'tab', 'tab'].map((name) => (pressKey({ name }, context), [...kinds()].sort()))
  t.same(seen, [['helper', 'image', 'network', 'vm', 'vpn'], ['vm'], ['helper'], ['helper', 'image', 'network', 'vm', 'vpn']])
})

t.test('an event keeps its key while others come and the oldest go', async (t) => {
  const rowsOf = createEventRows()
  const keyOf = (events: readonly Event[], wanted: Event) => rowsOf(eventsView, makeWorld({ events })).find((row) => row.event === wanted)!.key
  const before = keyOf(events, events[5]!)
  t.equal(keyOf([...events.slice(3), event({ kind: 'vm.created', at: at(0), ...vm })], events[5]!), before)
  t.equal(cursorKey(eventsView.list, rowsOf(eventsView, world).map(({ key }) => key)), NEWEST)
})
