import t from 'tap'
import type { Vm } from '../../../../policy/api/vm.ts'
import type { VmName } from '../../../../policy/names.ts'
import type { VmColumn } from '../../../../tui/app/model/views.ts'
import { usageNow, withStats, withVms } from '../../../../tui/app/model/world.ts'
import { currentList } from '../../../../tui/app/screens/current-list.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { vmsScreen } from '../../../../tui/app/screens/vms/screen.ts'
import { makeVm, makeVms, SOME_TIME } from '../../../inputs/vms.ts'
import { matchPictures } from '../picture.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

const vms = [...makeVms(40), makeVm(41, { name: 'builder' as never, state: 'stopping', operation: 'stopping' }), makeVm(43, { state: 'broken', problem: 'Its disk is not there' })]
const world = withStats(withVms(makeWorld(), vms), SOME_TIME, vms.slice(0, 20).map((vm, index) => ({ vm: vm.id, cpuSeconds: 1, cpuPercent: index * 9.31, memoryBytes: 200e6 * (index + 1) })))

t.test('many VMs, one marked, the cursor on the second', async (t) => {
  const list = { ...firstView.list, cursor: 'aaaaaaaa', marks: new Set(['baaaaaaa']) }
  await matchPictures(t, 'vms', makeState({ world, stack: [{ ...firstView, list }] }))
})

t.test('how many are marked is said, also where none of them is in sight; of those that the filter hides nothing', async (t) => {
  const marked = { ...firstView.list, cursor: 'aaaaaaaa', marks: new Set([...vms.slice(20, 30).map(({ id }) => id), 'gone']) }
  const at = (filter: string) => drawFrame(makeState({ world, stack: [{ ...firstView, list: { ...marked, filter } }] }))
  t.match(await at(''), /^VMs, 10 marked /m)
  t.match(await at('vm-0021'), /^VMs with "vm-0021", 1 marked /m)
  t.match(await at('vm-0001'), /^VMs with "vm-0001" /m)
})

t.test('one line is enough for a VM', async (t) => {
  const frame = await drawFrame(makeState({ world, size: { columns: 40, rows: 5 } }))
  t.match(frame.split('\n')[2], /builder/)
})

t.test('no VM yet', async (t) => {
  await matchPictures(t, 'vms-none', makeState({ world: withVms(makeWorld(), []) }))
})

/** Names in the order in which they are shown. */
const sorted = (by: VmColumn, descending = true): string[] => {
  const view = { ...firstView, sort: { by, descending } }
  const state = makeState({ world: few, stack: [view] })
  return currentList(state)!.keys.map((id) => few.vms!.get(id)!.name!)
}
const named = (number: number, name: string, more: Partial<Vm>): Vm => makeVm(number, { name: name as VmName, state: 'running', ...more })
const few = withStats(
  withVms(makeWorld(), [
    named(0, 'busy', { memoryMiB: 512, startedAt: '2026-03-01T11:00:00.000Z' }),
    named(1, 'large', { memoryMiB: 512, startedAt: '2026-03-01T10:00:00.000Z' }),
    named(2, 'idle', { memoryMiB: 8192, startedAt: '2026-03-01T09:00:00.000Z' }),
  ]),
  SOME_TIME,
  [90, 20, 1].map((cpuPercent, index) => ({ vm: makeVm(index).id, cpuSeconds: 1, cpuPercent, memoryBytes: [200e6, 500e6, 100e6][index]! })),
)

t.test('sorted by what they use now, and by how long they have run', async (t) => {
  t.same(sorted('cpu'), ['busy', 'large', 'idle'])
  t.same(sorted('memory'), ['large', 'busy', 'idle'], 'what the column shows, not what they were given')
  t.same(sorted('uptime'), ['idle', 'large', 'busy'])
})

t.test('where the order follows from what VMs use, all that run are measured: the busiest may be anywhere', async (t) => {
  const all = withVms(makeWorld(), makeVms(300))
  const count = (by: VmColumn): number => vmsScreen.measures!({ ...firstView, sort: { by, descending: true } }, makeState({ world: all }), { columns: 80, rows: 20 }).length
  t.equal(count('cpu'), 200)
  t.ok(count('name') < 20)
})

t.test('while a list moves on, the percentages of before hold: the first look of each subscription tells none', async (t) => {
  const { id } = makeVm(0)
  const moved = withStats(few, SOME_TIME + 3000, [{ vm: id, cpuSeconds: 2, memoryBytes: 3e8 }])
  t.match(usageNow(moved, id, SOME_TIME + 3000), { cpuPercent: 90, memoryBytes: 3e8 })
  const back = withStats(few, SOME_TIME + 60_000, [{ vm: id, cpuSeconds: 2, memoryBytes: 3e8 }])
  t.equal(usageNow(back, id, SOME_TIME + 60_000)?.cpuPercent, undefined, 'but not for long')
})
