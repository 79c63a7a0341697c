import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { builderArgv, runBuilder } from '../../../daemon/image/run-builder.ts'

const order = { kind: 'tiny', suite: undefined } as const

/** A builder that does what is told, with a folder of its own. */
function place(t: Test, script: string): Parameters<typeof runBuilder>[0] {
  const folder = t.testdir({ 'builder.mjs': `${script}\nimport { writeFileSync } from 'node:fs'` })
  return { node: process.execPath, program: join(folder, 'builder.mjs'), cacheFolder: folder, userRuntime: undefined }
}

const never = new AbortController().signal
const ignore = (): void => undefined

t.test('where systemd is asked, the builder runs in a unit of its own, with the same words', async (t) => {
  const child = { node: '/n', program: '/b.js', cacheFolder: '/c', userRuntime: undefined }
  t.same(builderArgv(child, { kind: 'debian', suite: 'trixie' }), ['/n', '/b.js', 'debian', '--attached', '--cache', '/c', '--suite', 'trixie'])
  const unit = builderArgv({ ...child, userRuntime: '/run/user/1' }, order)
  t.same(unit.slice(0, 6), ['systemd-run', '--user', '--quiet', '--pipe', '--wait', '--collect'])
  t.same(unit.slice(unit.indexOf('--')), ['--', '/n', '/b.js', 'tiny', '--attached', '--cache', '/c'])
})

t.test('what it does is told, and its disk is there until it was used', async (t) => {
  const builder = place(t, `
    console.log('{"doing":"this","fraction":0.5}'); console.log('{"doing":"that"}'); console.log('{"disk":"/d"}')
    process.stdin.on('end', () => writeFileSync(process.argv[5] + '/left', '')).resume()`)
  const told: unknown[] = []
  const left = join(builder.cacheFolder, 'left')
  const used = await runBuilder(builder, order, {
    signal: never,
    onProgress: (...words) => told.push(words),
    use: async (disk) => `${disk} ${existsSync(left)}`,
  })
  t.equal(used, '/d false')
  t.ok(existsSync(left), 'and it has left when that has been answered')
  t.same(told, [['this', 0.5], ['that', undefined]])
})

t.test('what use throws is thrown, and the builder leaves all the same', async (t) => {
  const builder = place(t, `console.log('{"disk":"/d"}'); process.stdin.resume()`)
  const use = async (): Promise<never> => await Promise.reject(new Error('taken'))
  await t.rejects(runBuilder(builder, order, { signal: never, onProgress: ignore, use }), { message: 'taken' })
})

t.test('an error that it tells is thrown as it is', async (t) => {
  const builder = place(t, `console.log('{"error":{"name":"NO_SPACE","message":"full","hint":"make room"}}')`)
  const hooks = { signal: never, onProgress: ignore, use: () => Promise.resolve() }
  await t.rejects(runBuilder(builder, order, hooks), { message: 'full', data: { name: 'NO_SPACE', hint: 'make room' } })
})

t.test('one that breaks down is told with its last words', async (t) => {
  const builder = place(t, `console.error('a\\nb\\nc\\nthe reason'); process.exitCode = 7`)
  const hooks = { signal: never, onProgress: ignore, use: () => Promise.resolve() }
  await t.rejects(runBuilder(builder, order, hooks), {
    message: 'The builder ended with status 7: b; c; the reason',
    data: { name: 'IMAGE_BUILD_FAILED' },
  })
})

t.test('an abort ends it, before or while it builds', async (t) => {
  const script = `console.log('{"doing":"waiting"}'); process.stdin.on('end', () => writeFileSync(process.argv[5] + '/left', '')).resume()`
  const builder = place(t, script)
  const use = (): Promise<void> => Promise.resolve()
  const ended = { message: /nobody waited/, data: { name: 'IMAGE_BUILD_FAILED' } }
  await t.rejects(runBuilder(builder, order, { signal: AbortSignal.abort(), onProgress: ignore, use }), ended)
  const abort = new AbortController()
  await t.rejects(runBuilder(builder, order, { signal: abort.signal, onProgress: () => abort.abort(), use }), ended)
  t.equal(readFileSync(join(builder.cacheFolder, 'left'), 'utf8'), '')
})
