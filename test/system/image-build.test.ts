import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { run } from '../tui/command-process.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { copyTinyPackages } from './tiny-image.ts'

// Seconds of work, which may be minutes on a busy machine.
t.setTimeout(900_000)

const builder = join(import.meta.dirname, '..', '..', 'daemon', 'image', 'builder', 'main.ts')

/** A daemon whose cache has the packages of the tiny image, and nothing else. */
async function startWithPackages(t: Test): Promise<{ daemon: TestDaemon; cache: string }> {
  const daemon = await startTestDaemon(t)
  const cache = join(daemon.root, 'cache')
  await copyTinyPackages(cache)
  return { daemon, cache }
}

function traces(cache: string): string[] {
  return readdirSync(cache).filter((name) => !name.startsWith('packages'))
}

t.test('an image is built while the daemon answers others, and is an image like any other', async (t) => {
  const { daemon, cache } = await startWithPackages(t)
  const told: { message: string; fraction?: number | undefined }[] = []
  const building = daemon.client.call('image.build', { kind: 'tiny', name: 'small' }, { onProgress: (one) => told.push(one) })
  await eventually(() => told.length > 0, 'the builder tells what it does')
  t.same((await daemon.client.call('image.list', {})).images, [], 'no image is shown before it is whole')

  t.match(await building, { name: 'small', virtualSizeMiB: 69 })
  const fractions = told.flatMap(({ fraction = [] }) => fraction)
  t.same(fractions, [...fractions].sort((a, b) => a - b), 'progress only grows')
  t.ok(told.some(({ message }) => message === 'making the root file system') && (fractions.at(-1) ?? 0) >= 0.9)
  t.same(traces(cache), [])

  const env = { AETHERSCALE_SOCKET_DIR: daemon.sockets }
  const again = await run(t, ['image', 'build', 'tiny', '--name', 'small'], { env })
  t.match(again, { status: 6, stderr: /There is an image "small" already/ })
  const suite = await run(t, ['image', 'build', 'tiny', '--suite', 'trixie'], { env })
  t.match(suite, { status: 2, stderr: /--suite/ })
})

t.test('a client that leaves, and a daemon that is killed, take the build with them', async (t) => {
  const { daemon, cache } = await startWithPackages(t)
  const leave = [async () => daemon.client.close(), () => daemon.kill()]
  for (const go of leave) {
    let isBuilding = false
    const onProgress = (): void => void (isBuilding = true)
    const failed = t.rejects(daemon.client.call('image.build', { kind: 'tiny' }, { onProgress }))
    await eventually(() => isBuilding && traces(cache).length > 0, 'the builder is at work')
    await go()
    await failed
    await eventually(() => traces(cache).length === 0, 'the builder removes its work')
    t.notOk(existsSync(join(daemon.root, 'images', 'tiny.qcow2')))
    await daemon.stop()
    await daemon.start()
  }
  t.same((await daemon.client.call('image.list', {})).images, [])
  t.same(readdirSync(join(daemon.root, 'images')), [])
})

t.test('what a builder leaves that was killed itself, the next one removes', async (t) => {
  const { daemon, cache } = await startWithPackages(t)
  const child = spawn(process.execPath, [builder, 'tiny', '--attached', '--cache', cache], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await ended
  t.not(traces(cache).length, 0)
  await daemon.client.call('image.build', { kind: 'tiny' })
  t.same(traces(cache), [])
})
