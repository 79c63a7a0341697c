import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { copyDiskFile } from '../../../daemon/disk/copy-file.ts'
import { makeFolder } from '../../fakes/folder.ts'

t.test('a copy is the same, small or large, and nobody else reads it', async (t) => {
  const folder = makeFolder(t)
  for (const [name, bytes] of Object.entries({ small: 100_000, large: 40_000_000 })) {
    const source = join(folder, name)
    writeFileSync(source, Buffer.alloc(bytes, name), { mode: 0o644 })
    await copyDiskFile(source, `${source}.copy`, () => undefined)
    t.ok(readFileSync(source).equals(readFileSync(`${source}.copy`)), name)
    t.equal(statSync(`${source}.copy`).mode & 0o777, 0o600)
  }
})

t.test('holes stay holes', async (t) => {
  const source = join(makeFolder(t), 'sparse')
  writeFileSync(source, Buffer.alloc(20_000_000, 'x'))
  truncateSync(source, 400_000_000)
  await copyDiskFile(source, `${source}.copy`, () => undefined)
  execFileSync('cmp', [source, `${source}.copy`])
  t.ok(statSync(`${source}.copy`).blocks * 512 < 30_000_000)
})

t.test('what is there is not written over, and what does not fit is refused', async (t) => {
  const folder = makeFolder(t)
  const source = join(folder, 'source')
  writeFileSync(source, 'new')
  writeFileSync(join(folder, 'there'), 'old')
  await t.rejects(copyDiskFile(source, join(folder, 'there'), () => undefined), { code: 'EEXIST' })
  t.equal(readFileSync(join(folder, 'there'), 'utf8'), 'old')
})
