import t from 'tap'
import { createEventBus } from '../../../daemon/events.ts'
import { createSubscriptions } from '../../../daemon/rpc/subscriptions.ts'

const at = '2025-01-01T00:00:00.000Z'
const vm = 'adbvzwdf' as never

function setUp() {
  const events = createEventBus(() => new Date(at))
  const lines: unknown[] = []
  return { events, lines, subscriptions: createSubscriptions(events), subscriber: (line: string) => void lines.push(JSON.parse(line)) }
}

t.test('a subscriber gets events of the kinds it asked for, as notifications', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  subscriptions.set(subscriber, ['vm.deleted'])
  events.emit({ kind: 'vm.deleted', vm })
  events.emit({ kind: 'vm.created', vm })
  t.same(lines, [{ jsonrpc: '2.0', method: 'event', params: { at, kind: 'vm.deleted', vm } }])
})

t.test('a second subscription replaces the first', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  subscriptions.set(subscriber, ['vm.deleted'])
  subscriptions.set(subscriber, ['vm.created'])
  events.emit({ kind: 'vm.deleted', vm })
  events.emit({ kind: 'vm.created', vm })
  t.match(lines, [{ params: { kind: 'vm.created' } }])
  t.equal(lines.length, 1)
})

t.test('nothing comes after the end of a subscription, or of all', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  subscriptions.set(subscriber, ['vm.deleted'])
  subscriptions.set(subscriber, undefined)
  events.emit({ kind: 'vm.deleted', vm })
  subscriptions.set(subscriber, ['vm.deleted'])
  subscriptions.close()
  events.emit({ kind: 'vm.deleted', vm })
  t.same(lines, [])
})

t.test('a subscriber that leaves while an event is told does not keep it from the others', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  const leaving = (): void => subscriptions.set(leaving, undefined)
  subscriptions.set(leaving, ['vm.deleted'])
  subscriptions.set(subscriber, ['vm.deleted'])
  events.emit({ kind: 'vm.deleted', vm })
  events.emit({ kind: 'vm.deleted', vm })
  t.equal(lines.length, 2)
})

const state = (to: 'running' | 'stopped') => ({ kind: 'vm.state', vm, from: 'starting', to }) as const
const kindsOf = (lines: readonly unknown[]): string[] => (lines as { params: { kind: string } }[]).map(({ params }) => params.kind)

t.test('the last ones of those that have happened are told first, and none of them again', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  events.emit({ kind: 'vm.created', vm })
  events.emit(state('running'))
  events.emit({ kind: 'vm.deleted', vm })
  subscriptions.set(subscriber, ['vm.created', 'vm.state', 'vm.deleted'], 2)
  t.same(kindsOf(lines), ['vm.state', 'vm.deleted'])
  events.emit({ kind: 'vm.created', vm })
  t.same(kindsOf(lines), ['vm.state', 'vm.deleted', 'vm.created'])
  t.same(lines[1], { jsonrpc: '2.0', method: 'event', params: { at, kind: 'vm.deleted', vm } }, 'as they were told when they happened')
})

t.test('only those of the kinds that are asked for count', async (t) => {
  const { events, lines, subscriptions, subscriber } = setUp()
  events.emit(state('stopped'))
  events.emit(state('running'))
  for (let i = 0; i < 10; i += 1) events.emit({ kind: 'vm.deleted', vm })
  subscriptions.set(subscriber, ['vm.state'], 5)
  t.match(lines, [{ params: { to: 'stopped' } }, { params: { to: 'running' } }])
  t.equal(lines.length, 2)
  subscriptions.set(subscriber, ['vm.state'])
  t.equal(lines.length, 2, 'none where none are asked for')
})

t.test('who leaves while it is told of the past stays away', async (t) => {
  const { events, subscriptions } = setUp()
  events.emit(state('stopped'))
  events.emit(state('running'))
  let told = 0
  const leaving = (): void => {
    told += 1
    subscriptions.set(leaving, undefined)
  }
  subscriptions.set(leaving, ['vm.state'], 1)
  events.emit(state('stopped'))
  t.equal(told, 1)
})
