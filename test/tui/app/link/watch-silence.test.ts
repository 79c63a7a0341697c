import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { watchSilence } from '../../../../tui/app/link/watch-silence.ts'
import { withSilence, withVms } from '../../../../tui/app/model/world.ts'
import { makeVms } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

t.test('a daemon that is asked and does not answer is silent, until it answers', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  const told: boolean[] = []
  let asked = 0
  let answer = (): void => {}
  const end = watchSilence(() => (asked++, new Promise<void>((resolve) => (answer = resolve))), (isSilent) => told.push(isSilent))
  t.teardown(() => {
    end()
    mock.timers.reset()
  })
  mock.timers.tick(5000)
  answer()
  await turn()
  mock.timers.tick(5000)
  t.same([asked, told], [2, []], 'nothing is told of one that answers')
  mock.timers.tick(15_000)
  t.same([asked, told], [2, [true]], 'it is asked once, and told of once')
  answer()
  await turn()
  t.same(told, [true, false])
  end()
  mock.timers.tick(60_000)
  t.equal(asked, 2)
})

t.test('of a silent daemon the screen says so, and it is asked for nothing', async (t) => {
  const world = withVms(makeWorld(), makeVms(3))
  const context = holdState(makeState({ world: withSilence(world, true) }))
  t.match(await drawFrame(context.get()), /^ aetherscale +host-a +does not answer[^]*^the daemon does not answer$/m)
  t.equal(press(context, 'x').dialog, undefined)
  t.match(context.get().notice, { kind: 'error', text: 'stop: the daemon does not answer' })
  t.same(withSilence(withSilence(world, true), false), world)
})
