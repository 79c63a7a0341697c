import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findBarrier, findGroup, remedyOf } from '../../tui/permission.ts'
import { makeTestDirectory } from '../fakes/daemon.ts'

const barrier = { path: '/run/aetherscale/control.sock', group: 'aetherscale', opensToGroup: true, members: ['bob'] }

t.test('the remedy is the group, a new session, or whoever owns it', async (t) => {
  t.equal(
    remedyOf(barrier, { user: 'ann' }),
    'it belongs to the group aetherscale: sudo usermod -aG aetherscale ann, then log in again',
  )
  t.match(remedyOf(barrier, { user: 'bob' }), /you are in the group aetherscale.*log in again$/)
  t.match(remedyOf({ ...barrier, opensToGroup: false }, { user: 'ann' }), /open to its owner alone/)
  t.match(remedyOf(undefined, { user: 'ann' }), /ask who runs the daemon/)
})

t.test('what bars the way is the inmost thing that can be seen', async (t) => {
  const directory = await makeTestDirectory(t)
  const file = join(directory, 'control.sock')
  await writeFile(file, '')
  await chmod(file, 0o660)
  t.match(await findBarrier(file, directory), { path: file, opensToGroup: true })
  await chmod(file, 0o640)
  t.match(await findBarrier(file, directory), { path: file, opensToGroup: false }, 'connecting needs the right to write')
  await chmod(directory, 0o710)
  t.match(await findBarrier(join(directory, 'gone'), directory), { path: directory, opensToGroup: true })
  t.equal(await findBarrier(join(directory, 'gone')), undefined)
})

t.test('groups are found in the form of group(5)', async (t) => {
  const file = 'root:x:0:\naetherscale:x:990:ann,bob\n'
  t.strictSame(findGroup(file, 990), { group: 'aetherscale', members: ['ann', 'bob'] })
  t.strictSame(findGroup(file, 0), { group: 'root', members: [] })
  t.strictSame(findGroup(file, 7), { group: '7', members: [] })
})
