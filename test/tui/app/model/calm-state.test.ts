import t from 'tap'
import { calmState } from '../../../../tui/app/model/calm-state.ts'
import { emptyWorld, withStats, withVms, type Operation } from '../../../../tui/app/model/world.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { makeState } from '../screen.tsx'
import { networksView } from '../../../../tui/app/screens/networks/screen.ts'

const first = makeState()
const later = { ...first, now: first.now + 60_000, world: withStats(withVms(first.world, [makeVm(0)]), first.now, [{ vm: makeVm(0).id, cpuSeconds: 1, cpuPercent: 5, memoryBytes: 1 }]) }

t.test('ages and what VMs use stay as they were, until the user goes somewhere', async (t) => {
  const calm = calmState(later, calmState(first, undefined))
  t.equal(calm.now, first.now)
  t.equal(calm.world.usage, first.world.usage)
  const elsewhere = { ...later, stack: [networksView] }
  t.equal(calmState(elsewhere, calm).now, later.now)
  t.equal(calmState(elsewhere, calm).world.usage, later.world.usage)
})

t.test('a link that is lost is told with what is so now', async (t) => {
  const lost = { ...later, world: { ...emptyWorld, link: { state: 'down', message: 'gone', since: later.now } as const } }
  t.equal(calmState(lost, calmState(first, undefined)).now, later.now)
})

t.test('of progress each quarter is told; of what has no end, what is being done', async (t) => {
  const operation: Operation = { id: 1, method: 'image.pull', label: 'pull debian', startedAt: 0, message: '13 of 100 MiB' }
  const told = (fraction?: number) => calmState({ ...first, world: { ...first.world, operations: [{ ...operation, ...(fraction !== undefined && { fraction }) }] } }, undefined).world.operations[0]
  t.same([0.1, 0.24, 0.25, 0.6, 1].map((fraction) => told(fraction)?.fraction), [0, 0, 0.25, 0.5, 1])
  t.equal(told(0.1)?.message, undefined)
  t.equal(told()?.message, '13 of 100 MiB')
})
