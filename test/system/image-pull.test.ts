/** Pulls by a real daemon and the command line, and what is left when the daemon is killed in the middle of one. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Event } from '../../policy/api/events.ts'
import { makeQcow2 } from '../daemon/image/pull/harness.ts'
import { startFileServer } from '../fakes/file-server.ts'
import { createRandom } from '../inputs/random.ts'
import { run, type Outcome } from '../tui/command-process.ts'
import { startTestDaemon } from './daemon.ts'

const ROUNDS = 6
const disk = makeQcow2(t, 8 * 2 ** 20)
const sha256 = createHash('sha256').update(disk).digest('hex')

t.test('an image is pulled, known by where it came from, told about, set and deleted', async (t) => {
  const server = await startFileServer(t)
  const daemon = await startTestDaemon(t)
  const { client, root } = daemon
  const images = join(root, 'images')
  const events: Event[] = []
  client.onNotification('event', (event) => events.push(event))
  await client.call('events.subscribe', { kinds: ['image.pulled', 'image.deleted'] })
  const aetherscale = (...argv: string[]): Promise<Outcome> => run(t, ['--socket-dir', daemon.sockets, ...argv])

  const url = server.giveWithDigest('/some-disk.qcow2', disk)
  t.match(await aetherscale('image', 'pull', url, '--first-boot', 'nocloud'), { status: 0, stdout: /name:\s+some-disk[^]*first boot told by:\s+said[^]*source verified:\s+yes/ })
  t.match(await client.call('image.list', {}), { images: [{ name: 'some-disk', firstBoot: { way: 'nocloud', toldBy: 'said' }, source: { url, sha256, verified: true } }] })
  t.match(await aetherscale('image', 'set', 'some-disk', '--first-boot', 'libguestfs'), { status: 0, stdout: /libguestfs/ })
  t.match(await client.call('image.list', {}), { images: [{ firstBoot: { way: 'libguestfs', toldBy: 'said' }, source: { url } }] })
  t.match(await aetherscale('image', 'pull', url), { status: 6, stderr: /There is an image "some-disk" already/ })
  t.match(await aetherscale('image', 'pull', 'nothing-like-it'), { status: 5, stderr: /catalogue/ })

  writeFileSync(join(root, 'config', 'images.json'), JSON.stringify({ mine: { title: 'My own', url, sha256, firstBoot: 'libguestfs' }, 'debian-12': { title: 'Ours', url } }))
  const { images: known } = await client.call('image.catalogue', {})
  t.match(known.find(({ name }) => name === 'mine'), { title: 'My own', from: 'images.json', firstBoot: 'libguestfs' })
  t.match(known.find(({ name }) => name === 'debian-12'), { title: 'Ours', from: 'images.json' })
  t.match(known.find(({ name }) => name === 'debian-13'), { url: /^https:\/\/cloud\.debian\.org/, from: 'built-in' })
  const progress: (number | undefined)[] = []
  t.match(await client.call('image.pull', { source: 'mine' }, { onProgress: ({ fraction }) => progress.push(fraction) }), { name: 'mine', firstBoot: { way: 'libguestfs', toldBy: 'said' } })
  t.ok(progress.some((fraction) => fraction !== undefined && fraction > 0))
  writeFileSync(join(root, 'config', 'images.json'), '{"mine":{"title":"x","url":"file:///etc/passwd"}}')
  t.match(await aetherscale('image', 'catalogue'), { status: 1, stderr: /mine\.url: must be an http or https URL/ })

  writeFileSync(join(images, 'some-disk.json'), '{')
  t.match(await client.call('image.list', {}), { images: [{ name: 'mine' }, { name: 'some-disk', firstBoot: { toldBy: 'assumed' }, problem: /no JSON/ }] })
  await t.rejects(client.call('vm.create', { image: 'some-disk' }), { name: 'IMAGE_RECORD_BROKEN', hint: /image set/ })
  await client.call('image.set', { image: 'some-disk', firstBoot: 'nocloud' })
  for (const image of ['some-disk', 'mine']) await client.call('image.delete', { image })
  t.same(readdirSync(images), [])
  t.same(events.map(({ kind }) => kind), ['image.pulled', 'image.pulled', 'image.deleted', 'image.deleted'])

  writeFileSync(join(root, 'packed.qcow2.gz'), spawnSync('gzip', ['-c'], { input: disk, maxBuffer: 2 ** 26 }).stdout)
  t.match(await client.call('image.import', { path: join(root, 'packed.qcow2.gz'), firstBoot: 'nocloud' }), { name: 'packed', virtualSizeMiB: 8 })
  t.same(readdirSync(images).sort(), ['packed.json', 'packed.qcow2'])
})

t.test(`after each of ${ROUNDS} kills in the middle of a pull there is no half image, and the next pull goes on`, async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const server = await startFileServer(t)
  const daemon = await startTestDaemon(t)
  const images = join(daemon.root, 'images')
  const url = server.giveWithDigest('/disk.qcow2', disk, { pieceMs: 4 })
  const params = { source: url, firstBoot: 'nocloud' } as const
  const begun = performance.now()
  await daemon.client.call('image.pull', params)
  const withinMs = performance.now() - begun
  await daemon.client.call('image.delete', { image: 'disk' })

  // What a daemon can leave that is killed between two steps, and that time does not make often.
  writeFileSync(join(images, 'stray.json'), '{"version":1,"firstBoot":{"way":"nocloud","toldBy":"said"}}')
  writeFileSync(join(images, 'somebodys.json'), '{"not":"ours"}')
  for (const debris of ['.disk.importing', '.disk.unpacking', '.disk.json.pending', '.pull-0123.partial', '.pull-4567.json']) writeFileSync(join(images, debris), 'x')
  let [resumed, whole] = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const asked = server.requests.length
    daemon.client.call('image.pull', params).catch(() => undefined)
    await delay(random() * withinMs)
    await daemon.kill()
    await daemon.start()
    const left = readdirSync(images).filter((name) => name !== 'somebodys.json').sort()
    const { images: listed } = await daemon.client.call('image.list', {})
    if (server.requests.slice(asked).some(({ range }) => range !== undefined)) resumed++
    if (listed.length > 0) {
      whole++
      t.match(listed, [{ name: 'disk', firstBoot: { toldBy: 'said' }, source: { sha256 } }], `round ${round}: an image that is there is whole`)
      t.same(left, ['disk.json', 'disk.qcow2'], `round ${round}`)
      t.ok(readFileSync(join(images, 'disk.qcow2')).equals(disk))
      await daemon.client.call('image.delete', { image: 'disk' })
    } else t.ok(left.every((name) => /^\.pull-[0-9a-f]{24}\.(partial|json)$/.test(name)) && left.length <= 2, `round ${round}: ${left.join(' ') || 'nothing'}`)
  }
  t.comment(`${resumed} of ${ROUNDS} went on with what was there, ${whole} were whole`)
  t.ok(existsSync(join(images, 'somebodys.json')), "somebody else's file stays")

  const partial = (): number => readdirSync(images).filter((name) => name.endsWith('.partial')).length
  // On a busy machine the kill may come after the end; then once more.
  for (let isHalf = false; !isHalf; ) {
    const half = daemon.client.call('image.pull', params).catch(() => undefined)
    while (partial() === 0) await delay(2)
    await delay(withinMs / 3)
    await daemon.kill()
    await half
    await daemon.start()
    isHalf = (await daemon.client.call('image.list', {})).images.length === 0
    if (!isHalf) await daemon.client.call('image.delete', { image: 'disk' })
  }
  await daemon.client.call('image.pull', params)
  t.match(server.requests.at(-1), { path: '/disk.qcow2', range: /^bytes=[1-9]\d*-$/, ifRange: /^"/ }, 'the last one goes on')
  t.same(readdirSync(images).sort(), ['disk.json', 'disk.qcow2', 'somebodys.json'])
  t.ok(readFileSync(join(images, 'disk.qcow2')).equals(disk))
})

const cannotMount =
  process.getuid?.() === 0
    ? spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' }).stderr
    : 'only root can mount a file system of its own'

t.test('a disk that is full is told, before or in the middle, and nothing is left', { skip: cannotMount || false }, async (t) => {
  const server = await startFileServer(t)
  const daemon = await startTestDaemon(t)
  await daemon.stop()
  const images = join(daemon.root, 'images')
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6M', 'aetherscale-test', images])
  t.teardown(() => spawnSync('umount', ['-l', images]))
  await daemon.start()
  const pull = (source: string): Promise<unknown> => daemon.client.call('image.pull', { source, name: 'big', unverified: true })
  const zipped = spawnSync('gzip', ['-c'], { input: Buffer.alloc(20 * 2 ** 20, 1) }).stdout
  const xzed = spawnSync('xz', ['-c', '-1'], { input: Buffer.alloc(20 * 2 ** 20, 1) }).stdout
  for (const [what, url, message] of [
    ['announced', server.give('/big.qcow2', disk), /has \d+ bytes and/],
    ['not announced', server.give('/chunked.qcow2', disk, { chunked: true }), /ENOSPC/],
    ['unpacked from gzip', server.give('/big.raw.gz', zipped), /ENOSPC/],
    ['unpacked from xz', server.give('/big.raw.xz', xzed), /No space/],
  ] as const) {
    await t.rejects(pull(url), { name: 'NO_SPACE', message }, what)
    t.same(readdirSync(images), [], what)
  }
})
