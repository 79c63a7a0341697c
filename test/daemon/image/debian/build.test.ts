import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { installation, ROOT_UUID } from '../../../../daemon/image/debian/build.ts'
import { readOwnFiles } from '../../../../daemon/image/builder/files.ts'

t.test('the packages come from the repository alone, whatever the path to it has in it', async (t) => {
  const argv = installation({ suite: 'trixie', repository: '/a b/"c"/repository', root: '/a b/root' })
  t.same(argv.slice(-3), ['trixie', '/a b/root', 'deb [trusted=yes] copy:/a%20b/%22c%22/repository ./'])
  t.equal(argv.filter((arg) => arg.includes('://')).length, 0)
})

t.test('hooks run with any path, for they take each from the environment', async (t) => {
  const hooks = installation({ suite: 'trixie', repository: '/r', root: '/root' }).flatMap((arg) => /^--(setup|essential)-hook=(.*)$/.exec(arg)?.[2] ?? [])
  t.equal(hooks.length, 2)
  const early = join(t.testdir(), "it's early")
  const root = join(t.testdirName, 'a $(root)')
  for (const folder of [early, root]) mkdirSync(folder)
  writeFileSync(join(early, 'file'), 'there')
  for (const hook of hooks) execFileSync('sh', ['-c', hook, 'exec', root], { env: { PATH: process.env['PATH'], EARLY: early } })
  t.equal(readFileSync(join(root, 'file'), 'utf8'), 'there')
  t.ok(existsSync(join(root, 'sbin')) && existsSync(join(root, 'usr', 'lib64')))
})

t.test("the guest's files name its root file system as the builder makes it", async (t) => {
  const files = await readOwnFiles('debian', 'rootfs')
  for (const path of ['etc/fstab', 'boot/grub/grub.cfg']) {
    t.match(files.find((file) => file.path === path)?.data.toString(), `UUID=${ROOT_UUID} `, path)
  }
})
