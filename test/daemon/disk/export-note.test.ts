import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { beginExport, removeAbandonedExports } from '../../../daemon/disk/export-note.ts'
import { makeFolder } from '../../fakes/folder.ts'

t.test('what an export has left is removed with its note; its target and all else stays', async (t) => {
  const config = makeFolder(t)
  const folder = makeFolder(t)
  const { temporary } = await beginExport({ config }, join(folder, 'web.qcow2'))
  t.match(temporary, /\/\.web\.qcow2\.[0-9a-f]{16}\.exporting$/)
  writeFileSync(temporary, 'half')
  writeFileSync(join(folder, 'web.qcow2'), 'whole')
  await removeAbandonedExports({ config })
  t.same(readdirSync(folder), ['web.qcow2'])
  t.same(readdirSync(join(config, 'export')), [])
})

t.test('an export that has come to its end leaves no note', async (t) => {
  const config = makeFolder(t)
  const { end } = await beginExport({ config }, '/srv/web.qcow2')
  t.equal(readdirSync(join(config, 'export')).length, 1)
  await end()
  t.same(readdirSync(join(config, 'export')), [])
  await removeAbandonedExports({ config: makeFolder(t) })
})

t.test('whatever a note says, nothing is removed but what exports make', async (t) => {
  const config = makeFolder(t)
  const folder = makeFolder(t)
  const mark = '0123456789abcdef'
  const named = (name: string): string => join(folder, name)
  mkdirSync(join(config, 'export'))
  writeFileSync(named('keep'), '')
  mkdirSync(named(`.folder.${mark}.exporting`))
  symlinkSync(named('keep'), named(`.link.${mark}.exporting`))
  const notes = [{ temporary: named('keep') }, { temporary: named(`.folder.${mark}.exporting`) }, { temporary: named(`.link.${mark}.exporting`) }, { temporary: named(`.gone.${mark}.exporting`) }, { other: 1 }, 'text']
  for (const [index, note] of notes.entries()) writeFileSync(join(config, 'export', `${index}.json`), JSON.stringify(note))
  writeFileSync(join(config, 'export', 'torn.json'), '{')
  await removeAbandonedExports({ config })
  t.same(readdirSync(folder).sort(), [`.folder.${mark}.exporting`, `.link.${mark}.exporting`, 'keep'])
  t.same(readdirSync(join(config, 'export')), [], 'and no note is looked at again')
  t.ok(existsSync(named('keep')))
})
