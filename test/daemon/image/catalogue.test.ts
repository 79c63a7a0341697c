import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCatalogue, requireEntry } from '../../../daemon/image/catalogue.ts'

t.test('the built-in images have all that a pull needs', async (t) => {
  const catalogue = await readCatalogue(t.testdir())
  t.same([...catalogue.keys()], ['alpine-3.22', 'debian-12', 'debian-13', 'fedora-43', 'ubuntu-22.04', 'ubuntu-24.04'])
  for (const [name, { url, checksums, from }] of catalogue) {
    t.match(url, /^https:\/\/[^\s]+\.(qcow2|img)$/, name)
    t.match(checksums, /^https:/, name)
    t.equal(from, 'built-in', name)
  }
})

t.test('images.json goes before, and a mistake in it is named', async (t) => {
  const folder = t.testdir()
  const write = (content: unknown): void => writeFileSync(join(folder, 'images.json'), typeof content === 'string' ? content : JSON.stringify(content))
  write({ mine: { title: 'Mine', url: 'http://a.example.org/x.img' } })
  t.match((await readCatalogue(folder)).get('mine' as never), { firstBoot: 'nocloud', from: 'images.json' })
  const image = { title: 'x', url: 'https://a.example.org/x.img' }
  const cases: readonly [string, unknown, object][] = [
    ['no JSON', '{', { message: /no JSON/ }],
    ['a list', [], { message: /images\.json/ }],
    ['a name with a path', { '../x': image }, { data: { field: '../x' } }],
    ['no title', { x: { url: image.url } }, { data: { field: 'x.title' } }],
    ['another scheme', { x: { ...image, url: 'ftp://a.example.org/' } }, { data: { field: 'x.url' } }],
    ['a digest that is none', { x: { ...image, sha256: 'abc' } }, { data: { field: 'x.sha256' } }],
    ['a way that there is not', { x: { ...image, firstBoot: 'magic' } }, { data: { field: 'x.firstBoot' } }],
    ['a field that there is not', { x: { ...image, sha1: 'abc' } }, { message: /sha1/ }],
  ]
  for (const [what, content, error] of cases) {
    write(content)
    const refused = await t.rejects(readCatalogue(folder), what)
    t.match(refused, { data: { name: 'IMAGE_CATALOGUE_BROKEN' } }, what)
    t.match(refused, error, what)
  }
})

t.test('a name that it does not have', async (t) => {
  t.match(t.throws(() => requireEntry(new Map(), 'nothing')), { data: { name: 'IMAGE_NOT_IN_CATALOGUE', field: 'source' } })
})
