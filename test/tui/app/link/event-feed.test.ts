import t, { type Test } from 'tap'
import { holdLink } from '../../../../tui/app/link/link.ts'
import { createStore } from '../../../../tui/app/model/store.ts'
import { emptyWorld } from '../../../../tui/app/model/world.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { FakeError, startFakeDaemon, type FakeAnswer, type FakeRequest } from '../../../fakes/daemon.ts'
import { makeVms } from '../../../inputs/vms.ts'
import { until } from '../press.ts'

const [web, mail] = makeVms(2)
const at = '2026-03-01T12:00:00.000Z'

/** A link to a daemon with these answers besides the usual ones, and its state. */
async function holdDaemon(t: Test, answers: Readonly<Record<string, FakeAnswer>>) {
  let subscriber: FakeRequest | undefined
  const daemon = await startFakeDaemon(t, {
    'system.info': () => ({ access: 'control', hostname: 'h' }),
    'events.subscribe': (request) => ((subscriber = request), { kinds: [] }),
    'vm.list': () => ({ vms: [web, mail] }),
    'stats.subscribe': () => ({}),
    ...answers,
  })
  const store = createStore({ size: { columns: 80, rows: 24 }, now: 0, world: emptyWorld, stack: [firstView] })
  const link = holdLink({ env: {}, directory: daemon.directory }, store)
  t.teardown(link.close)
  await link.ready
  const shown = (): string[] => [...(store.get().world.vms?.keys() ?? [])]
  const tell = (event: object): void => subscriber!.notify('event', { at, ...event })
  return { store, shown, tell }
}

const notFound = new FakeError(-32000, 'There is no such VM', { name: 'VM_NOT_FOUND' })

t.test('a VM that is deleted in the moment in which its answer comes does not stay', async (t) => {
  let asked = 0
  const { shown, tell } = await holdDaemon(t, {
    'vm.get': (request) => {
      if (++asked > 1) return notFound
      // Behind the answer, and in one piece with it.
      request.socket.cork()
      setImmediate(() => {
        request.notify('event', { kind: 'vm.deleted', at, vm: web!.id })
        request.socket.uncork()
      })
      return web
    },
  })
  tell({ kind: 'vm.changed', vm: web!.id })
  await until(() => asked === 2 && shown().length === 1)
  t.same(shown(), [mail!.id])
})

t.test('what a VM uses is not kept of one that is gone, nor of one that nobody knows', async (t) => {
  const { store, tell } = await holdDaemon(t, {
    'vm.get': () => notFound,
    'stats.subscribe': (request) => {
      request.notify('stats', { at, vms: [web!.id, 'strange1'].map((vm) => ({ vm, cpuSeconds: 1, memoryBytes: 1 })) })
      return {}
    },
  })
  await until(() => store.get().world.usage.size > 0)
  t.same([...store.get().world.usage.keys()], [web!.id])
  tell({ kind: 'vm.deleted', vm: web!.id })
  await until(() => store.get().world.usage.size === 0)
})

t.test('after another connection, what happened meanwhile is told, and what is known not again', async (t) => {
  const past = ['image.imported', 'image.pulled', 'image.deleted'].map((kind) => ({ kind, at, image: 'tiny' }))
  const subscribers: FakeRequest[] = []
  const { store } = await holdDaemon(t, {
    'events.subscribe': (request) => {
      subscribers.push(request)
      for (const event of past.slice(0, subscribers.length + 1)) request.notify('event', event)
      return { kinds: [] }
    },
  })
  const kinds = (): string[] => store.get().world.events.map(({ kind }) => kind)
  await until(() => kinds().length === 2)
  subscribers[0]!.socket.destroy()
  await until(() => kinds().length === 3)
  t.same(kinds(), ['image.imported', 'image.pulled', 'image.deleted'])
})
