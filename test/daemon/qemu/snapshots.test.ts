import t from 'tap'
import { readSnapshots } from '../../../daemon/qemu/snapshots.ts'

const told = (name: string, seconds: number) => ({ id: '1', name, 'vm-state-size': 0, 'date-sec': seconds, 'date-nsec': 500_000_000, 'vm-clock-sec': 0 })

t.test('snapshots come in the order in which they were made; where there is no list there are none', async (t) => {
  t.same(readSnapshots([told('b', 2), told('a', 1)]), [
    { name: 'a', createdAt: new Date('1970-01-01T00:00:01.500Z') },
    { name: 'b', createdAt: new Date('1970-01-01T00:00:02.500Z') },
  ])
  t.same(readSnapshots(undefined), [])
})

t.test('what a guest has made up is bounded, or refused', async (t) => {
  t.equal(readSnapshots(Array.from({ length: 5000 }, (_each, index) => told(`s${index}`, index))).length, 1000)
  t.equal(readSnapshots([told('x'.repeat(10_000), 1)])[0]!.name.length, 255)
  for (const wrong of ['text', [{ name: 1 }], [told('a', 1e20)], [told('a', -1)]]) t.throws(() => readSnapshots(wrong))
})
