import { linkSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openPartial, removeOldPartials } from '../../../../daemon/image/pull/partial.ts'

const url = 'https://a.example.org/disk.img'
const note = { version: 1, url, validator: '"1"', totalBytes: 10 } as const

t.test('what was kept is found again, for this URL alone', async (t) => {
  const folder = t.testdir()
  const first = await openPartial(folder, url)
  t.match(first, { bytes: 0, note: undefined })
  await first.begin(note)
  await first.file.write('12345')
  t.match(await t.rejects(openPartial(folder, url)), { data: { name: 'IMAGE_PULL_BUSY' } })
  await first.keep()
  const other = await openPartial(folder, `${url}?`)
  t.equal(other.bytes, 0)
  await other.discard()
  const again = await openPartial(folder, url)
  t.match(again, { bytes: 5, note })
  await again.discard()
  t.same(readdirSync(folder), [])
})

t.test('bytes are not gone on with that no note is of, or that are more than the file has', async (t) => {
  const folder = t.testdir()
  const first = await openPartial(folder, url)
  await first.begin(note)
  await first.file.write('12345678901')
  await first.keep()
  const second = await openPartial(folder, url)
  t.equal(second.bytes, 0)
  await second.begin(note)
  await second.file.write('12345')
  await second.settle()
  await second.keep()
  t.equal((await openPartial(folder, url)).bytes, 0)
})

t.test('a file that has become an image is never written to again', async (t) => {
  const folder = t.testdir()
  const first = await openPartial(folder, url)
  await first.begin(note)
  await first.file.write('12345')
  await first.keep()
  linkSync(first.path, join(folder, 'disk.qcow2'))
  const second = await openPartial(folder, url)
  await second.begin(note)
  await second.file.write('abc')
  await second.discard()
  t.equal(readFileSync(join(folder, 'disk.qcow2'), 'utf8'), '12345')
})

t.test('after a week nobody comes back', async (t) => {
  const folder = t.testdir({ 'disk.qcow2': '', '.pull-my-own-folder': {} })
  const kept = await openPartial(folder, url)
  await kept.begin(note)
  await kept.keep()
  const busy = await openPartial(folder, `${url}2`)
  await busy.begin(note)
  writeFileSync(join(folder, '.pull-0.partial'), 'without a note')
  writeFileSync(join(folder, '.pull-1.json'), 'without a file')
  await removeOldPartials(folder)
  t.equal(readdirSync(folder).length, 6)
  const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000)
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), eightDaysAgo, eightDaysAgo)
  await removeOldPartials(folder)
  t.equal(readdirSync(folder).length, 4, 'one that is being written to stays')
  await busy.discard()
})
