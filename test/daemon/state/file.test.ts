import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readJson, writeJson } from '../../../daemon/state/file.ts'

t.test('what was written is read again, and the file is its owner\'s alone', async (t) => {
  const path = join(t.testdir(), 'state.json')
  await writeJson(path, { a: [1, 'zwei'] })
  t.same(await readJson(path), { a: [1, 'zwei'] })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.match(readFileSync(path, 'utf8'), '{\n  "a": [', 'a person can read it')
})

t.test('no file reads as undefined, one that is not JSON as an error', async (t) => {
  const folder = t.testdir({ bad: '{' })
  t.equal(await readJson(join(folder, 'none')), undefined)
  await t.rejects(readJson(join(folder, 'bad')), SyntaxError)
})

t.test('a write that fails leaves the old content and nothing else', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'state.json')
  await writeJson(path, 1)
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  await t.rejects(writeJson(path, cyclic))
  t.same(await readJson(path), 1)
  t.same(readdirSync(folder), ['state.json'])
})

t.test('debris of a write that a crash cut short is in nobody\'s way', async (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, '.state.json.pending'), '{"half":')
  await writeJson(join(folder, 'state.json'), 2)
  t.same(readdirSync(folder), ['state.json'])
})

t.test('a folder in the file\'s place is an error', async (t) => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'state.json'))
  await t.rejects(writeJson(join(folder, 'state.json'), 3), { code: 'EISDIR' })
  t.same(readdirSync(folder), ['state.json'])
})
