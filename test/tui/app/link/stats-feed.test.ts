import { mock } from 'node:test'
import t from 'tap'
import type { Link } from '../../../../tui/app/context.ts'
import { createStatsFeed } from '../../../../tui/app/link/stats-feed.ts'
import { createStore } from '../../../../tui/app/model/store.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVms } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { makeState, makeWorld } from '../screen.tsx'

t.test('who scrolls through a list has only that measured which is there in the end', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const asked: { method: string; params: { vms: string[] } }[] = []
  const link = { call: async (method: string, params: never) => void asked.push({ method, params }), refresh: () => {} } as unknown as Link
  const vms = makeVms(200)
  const store = createStore(makeState({ world: withVms(makeWorld(), vms), stack: [firstView] }))
  const feed = createStatsFeed(link, store)
  t.teardown(feed.close)
  const held = { ...holdState(store.get()), get: store.get, change: store.change }
  for (let page = 0; page < 5; page++) {
    press(held, 'pagedown')
    mock.timers.tick(150)
  }
  t.same(asked, [])
  mock.timers.tick(200)
  t.equal(asked.length, 1)
  const shown = asked[0]!.params.vms
  t.ok(shown.length > 5 && shown.length < 20)
  t.notOk(shown.includes(vms[0]!.id))
})
