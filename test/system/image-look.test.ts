/** The daemon looks into an image that it is given, by guestfish and the VM that it boots. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder } from '../fakes/folder.ts'
import { startTestDaemon } from './daemon.ts'

t.setTimeout(600_000)
const hasKernel = existsSync('/boot') && readdirSync('/boot').some((name) => name.startsWith('vmlinuz'))
const skip = !existsSync('/usr/bin/guestfish') ? 'guestfish is not installed' : !hasKernel && 'guestfish needs a kernel in /boot'

/** A disk with one ext4 on which these files are, and enough of something else to be a system. */
function makeSystem(t: Test, ...paths: string[]): string {
  const folder = makeFolder(t)
  const [tree, disk] = [join(folder, 'tree'), join(folder, 'system.raw')]
  const write = (path: string, content: Buffer): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), content)
  }
  for (const path of paths) write(path, Buffer.from('x'))
  write('usr/share/noise', randomBytes(12 * 2 ** 20))
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, disk, '32M'], { env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } })
  return disk
}

t.test('an image tells how its guests are told what to do', { skip }, async (t) => {
  const { client } = await startTestDaemon(t)
  const told: string[] = []
  const onProgress = ({ message }: { message: string }): void => void told.push(message)
  const path = makeSystem(t, 'usr/lib/systemd/systemd')
  t.match(await client.call('image.import', { path }, { onProgress }), { name: 'system', firstBoot: { way: 'libguestfs', toldBy: 'looked' } })
  t.ok(told.some((message) => message.startsWith('looking')))
})
