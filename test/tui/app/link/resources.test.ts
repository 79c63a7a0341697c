import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Link } from '../../../../tui/app/context.ts'
import { createResources } from '../../../../tui/app/link/resources.ts'
import { createStore } from '../../../../tui/app/model/store.ts'
import { imagesView } from '../../../../tui/app/screens/images/first-view.ts'
import { networksView } from '../../../../tui/app/screens/networks/screen.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makePeer, makeVpn } from '../../../inputs/networks.ts'
import { makeState } from '../screen.tsx'

/** A daemon with two VPNs, of which one cannot tell its peers. */
function watchResources(t: Test) {
  const asked: string[] = []
  const link = {
    async call(method: string, params: { vpn?: string }) {
      asked.push([method, params.vpn].filter(Boolean).join(' '))
      if (method === 'network.list') return { networks: [] }
      if (method === 'vpn.list') return { vpns: [makeVpn('blue', { peers: ['hostb'] }), makeVpn('green')] }
      if (params.vpn === 'green') throw new Error('its record cannot be read')
      return { peers: [makePeer('hostb')] }
    },
    refresh: () => {},
  } as unknown as Link
  const store = createStore(makeState({ stack: [firstView] }))
  const changeWorld = (step: Parameters<Parameters<typeof createResources>[2]>[0]): void => store.change((state) => ({ ...state, world: step(state.world) }))
  const resources = createResources(link, store, changeWorld)
  t.teardown(resources.close)
  return { asked, store, resources }
}

/** All answers have come, for they are there at once. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('networks, VPNs and the peers of each are asked for when they come into view, and not before', async (t) => {
  const { asked, store } = watchResources(t)
  t.same(asked, [])
  store.change((state) => ({ ...state, stack: [networksView] }))
  await settle()
  t.same([...asked].sort(), ['network.list', 'vpn.list', 'vpn.list', 'vpn.peer.list blue', 'vpn.peer.list green'])
  const { peers, vpns } = store.get().world
  t.same([...peers.items!.keys()], ['blue'], 'one that cannot tell is left out')
  t.equal(vpns.items?.length, 2)
  t.notOk(vpns.asking)
})

t.test('an event of a VPN has VPNs and peers asked for again', async (t) => {
  const { asked, store, resources } = watchResources(t)
  store.change((state) => ({ ...state, stack: [networksView] }))
  await settle()
  asked.length = 0
  resources.heard('vpn.peers')
  resources.heard('image.pulled')
  await settle()
  t.same([...asked].sort(), ['vpn.list', 'vpn.list', 'vpn.peer.list blue', 'vpn.peer.list green'])
})

t.test('peers are asked for again each five seconds, as long as they are shown', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { asked, store } = watchResources(t)
  const countPeers = (): number => asked.filter((each) => each === 'vpn.peer.list blue').length
  store.change((state) => ({ ...state, stack: [networksView] }))
  await settle()
  mock.timers.tick(4999)
  await settle()
  t.equal(countPeers(), 1)
  mock.timers.tick(1)
  await settle()
  t.equal(countPeers(), 2)
  store.change((state) => ({ ...state, stack: [firstView] }))
  mock.timers.tick(60_000)
  await settle()
  t.equal(countPeers(), 2, 'not when they are out of view')
})

t.test('whatever happens, one question at a time is asked, and one more when its answer is old already', async (t) => {
  const answers: ((names: string[]) => void)[] = []
  const link = {
    call: async () => ({ images: (await new Promise<string[]>((resolve) => answers.push(resolve))).map((name) => ({ name })) }),
    refresh: () => {},
  } as unknown as Link
  const store = createStore(makeState({ stack: [imagesView] }))
  const resources = createResources(link, store, (step) => store.change((state) => ({ ...state, world: step(state.world) })))
  t.teardown(resources.close)
  resources.reset()
  for (let event = 0; event < 100; event++) resources.heard('image.imported')
  await settle()
  t.equal(answers.length, 1)
  answers[0]!(['old'])
  await settle()
  t.equal(answers.length, 2)
  t.ok(store.get().world.images.asking)
  answers[1]!(['new'])
  await settle()
  t.equal(answers.length, 2)
  t.same(store.get().world.images, { items: [{ name: 'new' }] })
})
