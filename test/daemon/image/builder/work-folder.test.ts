import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withWorkFolder } from '../../../../daemon/image/builder/work-folder.ts'

const source = join(import.meta.dirname, '../../../../daemon/image/builder/work-folder.ts')

t.test('the folder goes with the work, whether that succeeds or fails', async (t) => {
  const cache = join(t.testdir(), 'cache')
  const seen = await withWorkFolder(cache, async (folder) => {
    t.same(readdirSync(folder), [])
    writeFileSync(join(folder, 'file'), '')
    return folder
  })
  t.notOk(existsSync(seen))
  await t.rejects(withWorkFolder(cache, async () => await Promise.reject(new Error('no'))), { message: 'no' })
  t.same(readdirSync(cache), [])
})

t.test('what a build that was killed has left goes with the next one, what others work in stays', async (t) => {
  const cache = t.testdir({ packages: { 'a.deb': '' } })
  const program = `import { withWorkFolder } from ${JSON.stringify(source)}
    await withWorkFolder(process.argv[1], async (folder) => { console.log(folder); await new Promise((resolve) => setTimeout(resolve, 600_000)) })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, cache], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  const theirs = text.toString().trim()
  mkdirSync(join(theirs, 'deep'))

  await withWorkFolder(cache, async () => {
    t.ok(existsSync(join(theirs, 'deep')))
  })
  t.ok(existsSync(join(theirs, 'deep')))

  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  t.ok(existsSync(theirs))
  await withWorkFolder(cache, async () => undefined)
  t.same(readdirSync(cache), ['packages'])
})
