import t from 'tap'
import { withVms } from '../../../../tui/app/model/world.ts'
import { currentList } from '../../../../tui/app/screens/current-list.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVms } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { makeState, makeWorld } from '../screen.tsx'

t.test('esc takes away what one sees: marks, else the filter, and then marks that it has hidden', async (t) => {
  const vms = makeVms(20)
  const list = { ...firstView.list, filter: 'vm-0003', marks: new Set([vms[0]!.id, 'gone']) }
  const held = holdState(makeState({ world: withVms(makeWorld(), vms), stack: [{ ...firstView, list }] }))
  const now = () => currentList(held.get())!.list
  press(held, 'esc')
  t.equal(now().filter, '')
  t.equal(now().marks.size, 2)
  press(held, 'esc')
  t.equal(now().marks.size, 0)
})

t.test('the mark of a VM that has gone takes no esc for itself', async (t) => {
  const list = { ...firstView.list, filter: 'vm', marks: new Set(['gone']) }
  const held = holdState(makeState({ world: withVms(makeWorld(), makeVms(2)), stack: [{ ...firstView, list }] }))
  t.match(press(held, 'esc').stack, [{ list: { filter: '' } }])
})
