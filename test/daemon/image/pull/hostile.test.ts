/** Servers that break off, lie, stall and mislead, and files that are made to harm: each pull ends by itself, whole or coded. */
import { createServer, type AddressInfo } from 'node:net'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { UserError } from '../../../../policy/errors.ts'
import { startFileServer, type FileServer, type Mischief } from '../../../fakes/file-server.ts'
import { makeEvilQcow2, makeQcow2, openFolder } from './harness.ts'
import { makeOneClusterDisk } from '../../../inputs/one-cluster-disk.ts'

const MIB = 2 ** 20
const sound = makeQcow2(t)
const sha256 = (body: Buffer): string => createHash('sha256').update(body).digest('hex')
const xz = (body: Buffer): Buffer => execFileSync('xz', ['-c', '-1'], { input: body, maxBuffer: 2 ** 28 })
/** Bytes of `name` 8 on in a qcow2's header (QEMU's docs/interop/qcow2.txt): the size of the disk is at 24. */
const withSize = (body: Buffer, bytes: bigint): Buffer => {
  const copy = Buffer.from(body)
  copy.writeBigUInt64BE(bytes, 24)
  return copy
}

/** The error as a client sees it. */
const refusal = async (work: Promise<unknown>): Promise<object> => {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  return error instanceof UserError ? { ...error.data, code: error.code, message: error.message } : { unexpected: error }
}

interface Case {
  readonly what: string
  readonly body: Buffer
  readonly file?: string
  readonly mischief?: Mischief
  /** The error that it ends with; none for an image. */
  readonly error?: object
  /** What came is kept for the next pull. */
  readonly kept?: true
  readonly limitBytes?: number
}

const cases: readonly Case[] = [
  { what: 'a sound qcow2', body: sound },
  { what: 'one of unknown length', body: sound, mischief: { chunked: true } },
  { what: 'a connection that is lost every 300 KB', body: sound, mischief: { cutAfter: 300_000 } },
  { what: 'the same without ETag, against a digest', body: sound, mischief: { cutAfter: 300_000, noValidator: true } },
  { what: 'a connection that is lost twice, by a server without ranges', body: sound, mischief: { cutAfter: 300_000, cuts: 2, noRange: true } },
  { what: 'one that is lost each time, by a server without ranges', body: sound, mischief: { cutAfter: 300_000, noRange: true }, error: { name: 'IMAGE_PULL_FAILED', hint: /kept/ }, kept: true },
  { what: 'a few bytes each time', body: sound, mischief: { cutAfter: 10 }, error: { name: 'IMAGE_PULL_FAILED', message: /again and again/ }, kept: true },
  { what: 'a length that is too long by a byte, put right when asked for the rest', body: sound, mischief: { length: sound.length + 1, cuts: 1 } },
  { what: 'one that is not', body: sound, mischief: { length: sound.length + 1, noRange: true }, error: { name: 'IMAGE_PULL_FAILED' }, kept: true },
  { what: 'a length that is too short by a sector', body: sound, mischief: { length: sound.length - 512 }, error: { name: 'IMAGE_DIGEST_WRONG' } },
  { what: 'a server that stalls, and gives the rest when asked again', body: sound, mischief: { stallAfter: 800_000 } },
  { what: 'a server that stalls and begins anew each time', body: sound, mischief: { stallAfter: 100_000, noRange: true }, error: { name: 'IMAGE_PULL_FAILED', message: /bytes came in/ }, kept: true },
  { what: 'a server that never answers a byte', body: sound, mischief: { stallAfter: 0 }, error: { name: 'IMAGE_PULL_FAILED' }, kept: true },
  { what: 'a server that is overloaded', body: sound, mischief: { status: 503 }, error: { name: 'IMAGE_PULL_FAILED', message: /503/ }, kept: true },
  { what: 'a file that is not for everybody', body: sound, mischief: { status: 403 }, error: { name: 'IMAGE_PULL_FAILED', message: /403/ }, kept: true },
  { what: 'a file over the limit, announced', body: sound, limitBytes: 10_000, error: { name: 'IMAGE_TOO_LARGE', field: 'limitMiB' } },
  { what: 'a file over the limit, not announced', body: sound, limitBytes: 10_000, mischief: { chunked: true }, error: { name: 'IMAGE_TOO_LARGE' } },
  { what: 'a sound qcow2 in gzip', file: 'disk.qcow2.gz', body: gzipSync(sound) },
  { what: 'one in xz', file: 'disk.qcow2.xz', body: xz(sound) },
  { what: 'one in zstd', file: 'disk.qcow2.zst', body: zstdCompressSync(sound) },
  { what: 'a raw disk in gzip, most of it zeros', file: 'disk.raw.gz', body: gzipSync(Buffer.concat([Buffer.alloc(MIB, 7), Buffer.alloc(8 * MIB)])) },
  { what: 'a raw disk', file: 'disk.raw', body: Buffer.alloc(MIB, 7) },
  { what: 'a bomb of gzip', file: 'disk.raw.gz', body: gzipSync(Buffer.alloc(80 * MIB)), error: { name: 'IMAGE_TOO_LARGE', message: /64 MiB/ } },
  { what: 'a bomb of xz', file: 'disk.raw.xz', body: xz(Buffer.alloc(80 * MIB, 1)), error: { name: 'IMAGE_TOO_LARGE', message: /64 MiB/ } },
  { what: 'a bomb of zstd', file: 'disk.raw.zst', body: zstdCompressSync(Buffer.alloc(80 * MIB)), error: { name: 'IMAGE_TOO_LARGE' } },
  { what: 'gzip that breaks off', file: 'disk.qcow2.gz', body: gzipSync(sound).subarray(0, 500_000), error: { name: 'IMAGE_INVALID', message: /unpacked/ } },
  { what: 'xz that breaks off', file: 'disk.qcow2.xz', body: xz(sound).subarray(0, 500_000), error: { name: 'IMAGE_INVALID', message: /unpacked/ } },
  { what: 'zstd that breaks off', file: 'disk.qcow2.zst', body: zstdCompressSync(sound).subarray(0, 500_000), error: { name: 'IMAGE_INVALID', message: /unpacked/ } },
  { what: 'what is packed twice', file: 'disk.qcow2.gz', body: gzipSync(gzipSync(sound)), error: { name: 'IMAGE_INVALID', message: /packed itself/ } },
  { what: 'a backing file outside', body: makeEvilQcow2(t, '-u', '-b', '/etc/passwd', '-F', 'raw', '8M'), error: { name: 'IMAGE_UNSAFE', message: /\/etc\/passwd/ } },
  { what: 'a backing file that is called as an image of ours', body: makeEvilQcow2(t, '-u', '-b', 'ours.qcow2', '-F', 'qcow2', '8M'), error: { name: 'IMAGE_UNSAFE' } },
  { what: 'the same in gzip', file: 'disk.qcow2.gz', body: gzipSync(makeEvilQcow2(t, '-u', '-b', 'ours.qcow2', '-F', 'qcow2', '8M')), error: { name: 'IMAGE_UNSAFE' } },
  { what: 'a data file', body: makeEvilQcow2(t, '-o', 'data_file=/etc/shadow.raw,data_file_raw=on', '8M').subarray(), error: { name: 'IMAGE_UNSAFE' } },
  { what: 'a disk of 4 EiB', body: withSize(sound, 2n ** 62n), error: { name: 'IMAGE_INVALID' } },
  { what: 'a disk of 1 EiB, whose tables are small', body: makeEvilQcow2(t, '-o', 'cluster_size=2M', '1E'), error: { name: 'IMAGE_INVALID', message: /exbibytes/ } },
  { what: 'a disk that is one cluster over and over', body: Buffer.from(makeOneClusterDisk(2 ** 40)), error: { name: 'IMAGE_INVALID', message: /same part/ } },
  { what: 'a qcow2 that is cut', body: sound.subarray(0, 70_000), error: { name: 'IMAGE_INVALID' } },
  { what: 'a page of HTML', body: Buffer.from('<!DOCTYPE html><p>Sign in to the network'), error: { name: 'IMAGE_INVALID' } },
  { what: 'an empty file', body: Buffer.alloc(0), error: { name: 'IMAGE_INVALID' } },
]

t.test('what the server does and what the file is', async (t) => {
  const server = await startFileServer(t)
  for (const { what, body, file = 'disk.qcow2', mischief, error, kept, limitBytes } of cases) {
    const { pull, files, store } = openFolder(t)
    const url = server.giveWithDigest(`/${file}`, body, mischief)
    const pulled = pull(url, { ...(limitBytes !== undefined && { limitBytes }) })
    if (error) {
      t.match(await refusal(pulled), error, what)
      const left = files()
      t.ok(kept ? left.every((name) => name.startsWith('.pull-')) : left.length === 0, `${what}: left is ${left.join(' ') || 'nothing'}`)
      t.same(await store.list(), [], what)
    } else {
      t.match(await pulled, { name: 'disk', problem: undefined, source: { verified: true, sha256: sha256(body) } }, what)
      t.same(files(), ['disk.json', 'disk.qcow2'], what)
    }
  }
})

t.test('a wrong digest is found, and its file removed', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const url = server.giveWithDigest('/disk.qcow2', sound)
  server.give('/disk.qcow2', Buffer.concat([sound, Buffer.alloc(512)]))
  t.match(await refusal(pull(url)), { name: 'IMAGE_DIGEST_WRONG', message: new RegExp(sha256(sound)) })
  t.same(files(), [])
  t.match(await refusal(pull(url, { digest: { algorithm: 'sha512', hex: '0'.repeat(128) } })), { name: 'IMAGE_DIGEST_WRONG' })
  t.same(files(), [])
})

t.test('without a digest nothing is taken, unless that is said', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const url = server.give('/disk.qcow2', sound)
  t.match(await refusal(pull(url)), { name: 'IMAGE_DIGEST_MISSING', hint: /sha256.*checksums.*unverified/ })
  t.same(files(), [])
  t.match(await refusal(pull(url, { checksums: `${server.url}/none` })), { name: 'IMAGE_DIGEST_MISSING', message: /404/ })
  server.give('/big', Buffer.alloc(2 * MIB, 'x'))
  t.match(await refusal(pull(url, { checksums: `${server.url}/big` })), { name: 'IMAGE_DIGEST_MISSING', message: /no digest/ })
  server.give('/sums', Buffer.from(`${'0'.repeat(64)}  other.qcow2\n`))
  t.match(await refusal(pull(url, { checksums: `${server.url}/sums` })), { name: 'IMAGE_DIGEST_MISSING', message: /no digest of disk.qcow2/ })
  t.match(await pull(url, { unverified: true }), { source: { verified: false, sha256: sha256(sound) } })
})

t.test('redirects are followed where they may lead', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const elsewhere = await startFileServer(t)
  const target = elsewhere.give('/real', sound)
  const digest = { algorithm: 'sha256', hex: sha256(sound) } as const
  const refuse = async (redirectTo: string, error: object, what: string): Promise<void> => {
    t.match(await refusal(pull(server.give('/disk.qcow2', sound, { redirectTo }), { digest })), { name: 'IMAGE_URL_REFUSED', ...error }, what)
  }
  await refuse('/disk.qcow2', { message: /on and on/ }, 'a loop')
  await refuse('file:///etc/passwd', { message: /neither http nor https/ }, 'a file of the host')
  await refuse('ftp://127.0.0.1/x', {}, 'another protocol')
  await refuse('http://me:secret@127.0.0.1/x', { message: /password/ }, 'a password')
  await refuse('http://[', {}, 'no URL')
  t.notOk(files().some((name) => !name.startsWith('.pull-')))
  t.match(await pull(server.give('/disk.qcow2', sound, { redirectTo: target }), { digest }), { name: 'disk', source: { url: `${server.url}/disk.qcow2` } })
})

t.test('URLs that are not asked', async (t) => {
  const { pull, files } = openFolder(t)
  for (const url of ['file:///etc/passwd', 'ftp://example.org/disk.qcow2', 'data:,x', 'https://me:secret@example.org/disk.qcow2']) {
    t.match(await refusal(pull(url, { unverified: true })), { name: 'IMAGE_URL_REFUSED', field: 'source' }, url)
  }
  t.match(await refusal(pull('http://')), { code: -32602, field: 'source' })
  t.match(await refusal(pull('http://127.0.0.1/', { unverified: true })), { code: -32602, field: 'name' })
  t.match(await refusal(pull('http://127.0.0.1:1/disk.qcow2', { unverified: true })), { name: 'IMAGE_PULL_FAILED', message: /ECONNREFUSED/ })
  t.same(files().filter((name) => !name.startsWith('.pull-')), [])
})

const rangesAsked = (server: FileServer): (string | undefined)[] =>
  server.requests.filter(({ path }) => path === '/disk.qcow2').map(({ range }) => range)

t.test('what came is gone on with, also under another name and by another process', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const url = server.giveWithDigest('/disk.qcow2', sound, { cutAfter: 400_000, cuts: 4 })
  t.match(await refusal(pull(url, {}, { stallMs: 1000, pauseMs: 1, tries: 0 })), { name: 'IMAGE_PULL_FAILED' })
  t.equal(files().length, 2)
  await pull(url, { name: 'other' as never })
  t.same(rangesAsked(server), [undefined, 'bytes=400000-', 'bytes=800000-', 'bytes=1200000-'])
  t.same(server.requests.filter(({ range }) => range !== undefined).every(({ ifRange }) => ifRange !== undefined), true)
  t.same(files(), ['other.json', 'other.qcow2'])
})

t.test('what came of an older version is not', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const older = makeQcow2(t)
  const url = server.giveWithDigest('/disk.qcow2', older, { cutAfter: 400_000 })
  t.match(await refusal(pull(url, {}, { stallMs: 1000, pauseMs: 1, tries: 0 })), { name: 'IMAGE_PULL_FAILED' })
  server.giveWithDigest('/disk.qcow2', sound)
  t.match(await pull(url), { source: { sha256: sha256(sound) } })
  t.same(files(), ['disk.json', 'disk.qcow2'])
})

t.test('of two pulls of one name, or of one URL, the second is told', async (t) => {
  const server = await startFileServer(t)
  const { pull, files } = openFolder(t)
  const url = server.giveWithDigest('/disk.qcow2', sound, { stallAfter: 200_000 })
  const pace = { stallMs: 1500, pauseMs: 1, tries: 0 }
  const first = pull(url, {}, pace)
  first.catch(() => undefined)
  while (server.requests.every(({ path }) => path !== '/disk.qcow2')) await delay(5)
  t.match(await refusal(pull(url, {}, pace)), { name: 'IMAGE_NAME_TAKEN', field: 'name' })
  t.match(await refusal(pull(url, { name: 'other' as never }, pace)), { name: 'IMAGE_PULL_BUSY' })
  t.match(await refusal(first), { name: 'IMAGE_PULL_FAILED' })
  t.equal(files().length, 2)
})

t.test('a pull that is given up ends at once, also between two tries, and leaves nothing', async (t) => {
  const server = await startFileServer(t)
  const never = { stallMs: 600_000, pauseMs: 600_000, tries: 9 }
  for (const mischief of [{ stallAfter: 200_000 }, { stallAfter: 0 }, { cutAfter: 200_000 }]) {
    const { pull, giveUp, files, reports } = openFolder(t)
    const work = refusal(pull(server.give('/disk.qcow2', sound, mischief), { unverified: true }, never))
    const asked = server.requests.length
    while (server.requests.length === asked && reports.length === 0) await delay(5)
    await delay(50)
    t.equal(await giveUp('disk' as never), true)
    t.match(await work, { name: 'IMAGE_PULL_STOPPED' })
    t.same(files(), [])
    t.equal(await giveUp('disk' as never), false)
  }
})

t.test('a server that changes the protocol is left, and its name and URL are free again', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { pull, files } = openFolder(t)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.qcow2`
  for (const time of ['first', 'second']) t.match(await refusal(pull(url, { unverified: true })), { name: 'IMAGE_PULL_FAILED' }, time)
  t.same(files().filter((name) => !name.startsWith('.pull-')), [])
})
