/** A stream of events whose connection was lost, and which is asked for again. */
import t, { type Test } from 'tap'
import { startFakeDaemon, type FakeDaemon } from '../../fakes/daemon.ts'
import { openDoor, readEvents, type OpenDoor, type SentEvent } from './open-door.ts'

/** Remembers what is pushed to `happened`, as the daemon does. */
async function openFor(t: Test): Promise<{ daemon: FakeDaemon; happened: object[]; follow(count: number, id?: string): Promise<SentEvent[]>; at: OpenDoor['at'] }> {
  const happened: object[] = []
  const daemon = await startFakeDaemon(t, {
    'events.subscribe': ({ notify, params }) => {
      const recent = (params['recent'] as number | undefined) ?? 0
      if (recent > 0) happened.slice(-recent).forEach((event) => notify('event', event))
      return { kinds: [] }
    },
    'stats.subscribe': ({ notify }) => (notify('stats', { vms: [] }), {}),
  })
  const { at } = await openDoor(t, daemon.directory)
  const follow = (count: number, id?: string): Promise<SentEvent[]> => readEvents(at, 'GET /v1/events?kinds=vm.created&recent=2', count, { headers: id === undefined ? {} : { 'last-event-id': id } })
  return { daemon, happened, follow, at }
}

const created = (vm: string): object => ({ kind: 'vm.created', at: '2026-11-27T18:00:00.000Z', vm })

t.test('who names the event that came last gets those that followed it, and none twice', async (t) => {
  const { daemon, happened, follow } = await openFor(t)
  happened.push(...['a', 'b', 'c'].map(created))
  const [b, c] = await follow(2)
  t.match([b, c], [{ data: created('b'), id: /^[\w-]{16}$/ }, { data: created('c') }])
  happened.push(...['d', 'e', 'f', 'g'].map(created))
  t.strictSame((await follow(4, c!.id)).map(({ data }) => data), ['d', 'e', 'f', 'g'].map(created), 'more than recent has')
  t.strictSame(daemon.requests.at(-1)?.params, { kinds: ['vm.created'], recent: 1000 })
  t.strictSame((await follow(5, b!.id)).map(({ data }) => data), ['c', 'd', 'e', 'f', 'g'].map(created), 'from wherever it was lost')
})

t.test('where the event is not remembered, as by a daemon that began anew, all are news', async (t) => {
  const { happened, follow } = await openFor(t)
  happened.push(created('x'), created('y'), created('z'))
  t.strictSame((await follow(3, 'of-another-daemon')).map(({ data }) => data), ['x', 'y', 'z'].map(created))
  t.equal((await follow(2, '')).length, 2, 'no id is none')
})

t.test('what VMs use is not remembered, and has no ids', async (t) => {
  const { at } = await openFor(t)
  t.strictSame(await readEvents(at, 'GET /v1/stats', 1, { headers: { 'last-event-id': 'x' } }), [{ event: 'stats', data: { vms: [] } }])
})
