import t from 'tap'
import { withStats, withVms } from '../../../../tui/app/model/world.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVm, makeVms, SOME_TIME } from '../../../inputs/vms.ts'
import { matchPictures } from '../picture.ts'
import { makeState, makeWorld } from '../screen.tsx'

const vms = [...makeVms(40), makeVm(41, { name: 'builder' as never, state: 'stopping', operation: 'stopping' }), makeVm(43, { state: 'broken', problem: 'Its disk is not there' })]
const world = withStats(withVms(makeWorld(), vms), SOME_TIME, vms.slice(0, 20).map((vm, index) => ({ vm: vm.id, cpuSeconds: 1, cpuPercent: index * 9.31, memoryBytes: 200e6 * (index + 1) })))

t.test('many VMs, one marked, the cursor on the second', async (t) => {
  const list = { ...firstView.list, cursor: 'aaaaaaaa', marks: new Set(['baaaaaaa']) }
  await matchPictures(t, 'vms', makeState({ world, stack: [{ ...firstView, list }] }))
})

t.test('no VM yet', async (t) => {
  await matchPictures(t, 'vms-none', makeState({ world: withVms(makeWorld(), []) }))
})
