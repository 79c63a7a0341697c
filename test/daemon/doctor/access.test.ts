import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkAccess } from '../../../daemon/doctor/access.ts'
import { createRemedies } from '../../../daemon/doctor/account.ts'
import { findGroup, parseGroup } from '../../../daemon/rpc/group.ts'
import type { Check } from '../../../policy/api/system.ts'
import { makeFolder } from '../../fakes/folder.ts'

const uid = process.getuid?.() ?? 0
const gid = process.getgid?.() ?? 0
/** A group that this process is in. */
const groupName = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()

async function openHost(t: Test, { isShared = true, isServing = true } = {}) {
  const folder = join(makeFolder(t), 'run')
  mkdirSync(folder)
  chmodSync(join(folder, '..'), 0o755)
  chmodSync(folder, 0o755)
  for (const name of ['control.sock', 'observe.sock']) {
    const server = createServer().listen(join(folder, name))
    await once(server, 'listening')
    t.teardown(() => server.close())
    chmodSync(join(folder, name), name === 'control.sock' && isShared ? 0o660 : 0o600)
  }
  const config = { folders: { sockets: folder }, controlGroup: isShared ? groupName : undefined, observeGroup: undefined } as never
  const look = async (changes: object = {}): Promise<(subject: string) => Check | undefined> => {
    const account = { uid, name: 'ann' }
    const checks = await checkAccess({ config, account, remedies: createRemedies({ controlGroup: undefined, observeGroup: undefined }, account), isServing, ...changes })
    return (subject) => checks.find((check) => check.subject === subject)
  }
  return { folder, look }
}

t.test('sockets as the daemon makes them are sound', async (t) => {
  const { look } = await openHost(t)
  const check = await look()
  t.match(check('control group'), { status: 'ok', detail: new RegExp(`^${groupName}, gid ${gid}: `) })
  t.match(check('control.sock'), { status: 'ok', detail: new RegExp(`for the group ${groupName}$`) })
  t.match(check('observe.sock'), { status: 'ok', detail: /for ann alone$/ })
})

t.test('a socket with another mode is told, with what mends it', async (t) => {
  const { folder, look } = await openHost(t)
  chmodSync(join(folder, 'control.sock'), 0o600)
  chmodSync(join(folder, 'observe.sock'), 0o666)
  const check = await look()
  t.match(check('control.sock'), { status: 'degraded', remedy: `chgrp ${groupName} ${folder}/control.sock && chmod 0660 ${folder}/control.sock` })
  t.match(check('observe.sock'), { status: 'degraded', detail: /is 0666/, remedy: `chmod 0600 ${folder}/observe.sock` })
})

t.test('a folder on the way that the group cannot search is told', async (t) => {
  const { folder, look } = await openHost(t)
  chmodSync(folder, 0o700)
  t.match((await look())('control.sock'), { status: 'degraded', detail: /may not search/, remedy: `chmod a+x ${folder}` })
  chmodSync(folder, 0o755)
  chmodSync(join(folder, '..'), 0o700)
  t.match((await look())('control.sock'), { status: 'degraded', remedy: /"sockets": "\/run\/aetherscale"/ })
})

t.test('a socket that is gone is missed where a daemon serves', async (t) => {
  const { folder, look } = await openHost(t)
  rmSync(join(folder, 'control.sock'))
  t.match((await look())('control.sock'), { status: 'missing', detail: /taken away/ })
  t.equal((await look({ isServing: false }))('control.sock'), undefined)
  writeFileSync(join(folder, 'control.sock'), '')
  t.match((await look())('control.sock'), { status: 'missing', detail: /no socket/ })
})

t.test('a group that is not there, or that the daemon is not in, is told', async (t) => {
  const { folder, look } = await openHost(t)
  const absent = { folders: { sockets: folder }, controlGroup: 'no-such-group', observeGroup: undefined }
  t.match((await look({ config: absent }))('control group'), { status: 'missing', remedy: 'sudo groupadd --system no-such-group' })
  const other = { account: { uid: 4242, name: 'nobody-of-ours' }, ownGroups: [4242] }
  t.match((await look(other))('control group'), { status: 'missing', remedy: `sudo usermod -aG ${groupName} nobody-of-ours` })
})

t.test('groups are found by the name service', async (t) => {
  t.same(parseGroup('staff:x:50:ann,bob\n'), { gid: 50, members: ['ann', 'bob'] })
  t.same(parseGroup('staff:x:50:'), { gid: 50, members: [] })
  t.equal(parseGroup(''), undefined)
  t.match(await findGroup(groupName), { gid })
  t.equal(await findGroup('no-such-group'), undefined)
})
