import t from 'tap'
import { inMiB, measureRoom, requireSpace, tableBytes } from '../../../daemon/disk/space.ts'
import { UserError } from '../../../policy/errors.ts'
import { makeFolder } from '../../fakes/folder.ts'

t.test('room is asked of the file system that holds the path, and named by its mount point', async (t) => {
  t.match(await measureRoom('/proc/self'), { mountPoint: '/proc' })
  const { mountPoint, freeBytes } = await measureRoom(makeFolder(t))
  t.match(mountPoint, /^\//)
  t.ok(freeBytes > 0)
})

t.test('what does not fit is refused with both figures; what fits is not', async (t) => {
  const folder = makeFolder(t)
  await requireSpace(folder, 1, 'A byte')
  const error: unknown = await requireSpace(folder, 2 ** 60, 'Too much').catch((thrown: unknown) => thrown)
  t.ok(error instanceof UserError && error.data.name === 'NO_SPACE')
  t.match(error, { message: /^Too much needs 1099511627776 MiB in .*; the file system at .* has [\d.]+ MiB left$/, data: { hint: /room/ } })
  await t.rejects(requireSpace(`${folder}/none`, 1, 'A byte'), { code: 'ENOENT' })
})

t.test('figures are for people, and tables grow with their disk', async (t) => {
  t.same([0, 1_048_576, 1_600_000].map(inMiB), ['0 MiB', '1 MiB', '1.5 MiB'])
  t.ok(tableBytes(67_108_864) - tableBytes(1) >= 2 ** 20 - 8, 'the first table of 64 TiB has 1 MiB')
})
