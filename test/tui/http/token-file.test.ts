import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { readToken } from '../../../tui/http/token-file.ts'
import { makeTestDirectory } from '../../fakes/daemon.ts'

const token = 'a-token-of-enough-letters-0123'

t.test('a file that is there is read; where none is, one is made for its owner alone', async (t) => {
  const folder = join(await makeTestDirectory(t), 'deep', 'down')
  const path = join(folder, 'http.token')
  const made = readToken(path)
  t.match(made, /^[A-Za-z0-9_-]{43}$/, '256 bits in base64')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.equal(readToken(path), made)
  t.strictSame(readdirSync(folder), ['http.token'], 'nothing is left beside it')
})

t.test('of many that make one at the same moment, all have the same', async (t) => {
  const path = join(await makeTestDirectory(t), 'http.token')
  const source = new URL('../../../tui/http/token-file.ts', import.meta.url).href
  // each waits until all are there, and so all find none
  const script = `const { readToken } = await import(${JSON.stringify(source)}); process.stdin.once('data', () => { console.log(readToken(${JSON.stringify(path)})); process.exit() }); console.log('ready')`
  const doors = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] }))
  await Promise.all(doors.map((door) => once(door.stdout, 'data')))
  for (const door of doors) door.stdin.write('now')
  const tokens = await Promise.all(doors.map((door) => text(door.stdout)))
  t.match(tokens[0], /^[A-Za-z0-9_-]{43}\n$/)
  t.equal(new Set(tokens).size, 1)
})

t.test('a file that others may use, or that is none of ours, is refused as it is', async (t) => {
  const folder = await makeTestDirectory(t)
  const refuses = (name: string, why: RegExp): void => {
    t.throws(() => readToken(join(folder, name)), { message: why, data: { name: 'HOST_IO' } }, name)
  }
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    const name = `mode-${mode.toString(8)}`
    writeFileSync(join(folder, name), token)
    chmodSync(join(folder, name), mode)
    refuses(name, /others/)
    t.equal(readFileSync(join(folder, name), 'utf8'), token)
  }
  writeFileSync(join(folder, 'target'), token, { mode: 0o600 })
  symlinkSync('target', join(folder, 'link'))
  refuses('link', /symbolic link/)
  symlinkSync('nowhere', join(folder, 'dangling'))
  refuses('dangling', /symbolic link/)
  t.notOk(existsSync(join(folder, 'nowhere')), 'nothing is made behind a link')
  mkdirSync(join(folder, 'folder'), { mode: 0o700 })
  refuses('folder', /not a file/)
  execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')])
  refuses('pipe', /not a file/)
  for (const [name, text] of [['short', 'abc'], ['empty', ''], ['spaced', 'two words that are long enough'], ['huge', 'x'.repeat(5000)]] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    refuses(name, /token/)
  }
})

t.test("another user's file is refused", { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const path = join(await makeTestDirectory(t), 'http.token')
  writeFileSync(path, token, { mode: 0o600 })
  chownSync(path, 12_345, 12_345)
  t.throws(() => readToken(path), { message: /another user .*chown/ }, 'with what helps, which chmod alone does not')
})
