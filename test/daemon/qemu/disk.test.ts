import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { checkImage, convertToQcow2, createOverlay, inspectImage } from '../../../daemon/qemu/disk.ts'
import { UserError, type ErrorName } from '../../../policy/errors.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { startQemu } from './start-qemu.ts'
import { makeOneClusterDisk } from '../../inputs/one-cluster-disk.ts'

const MIB = 1_048_576

/** A qcow2 of 8 MiB without content. */
async function makeImage(path: string, ...options: string[]): Promise<string> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '8M'])
  return path
}

async function overwrite(path: string, offset: number, bytes: readonly number[]): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Uint8Array.from(bytes), 0, bytes.length, offset)
  await file.close()
}

async function failureOf(work: Promise<unknown>): Promise<{ name: ErrorName | undefined; message: string }> {
  const error: unknown = await work.then(
    () => new Error('nothing failed'),
    (thrown: unknown) => thrown,
  )
  return { name: error instanceof UserError ? error.data.name : undefined, message: (error as Error).message }
}

t.test('an overlay stands on its image by an absolute path and a format that is said', async (t) => {
  const folder = makeFolder(t)
  const backing = await makeImage(join(folder, 'a,b=c d:e.qcow2'))
  const disk = join(folder, 'x,y=z.qcow2')
  await createOverlay({ disk, backing })
  t.match(await inspectImage(disk, 'qcow2'), { virtualSizeBytes: 8 * MIB, backingFile: backing, corrupt: false, encrypted: false })
  const { stdout } = await execa('qemu-img', ['info', '--output=json', disk])
  t.match(JSON.parse(stdout), { 'backing-filename-format': 'qcow2' })

  await createOverlay({ disk, backing, sizeMiB: 100 })
  t.equal((await inspectImage(disk, 'qcow2')).virtualSizeBytes, 100 * MIB)
})

t.test('an overlay that cannot be made', async (t) => {
  const folder = makeFolder(t)
  const disk = join(folder, 'disk.qcow2')
  t.match(await failureOf(createOverlay({ disk, backing: join(folder, 'none.qcow2') })), { name: 'HOST_IO', message: /No such file/ })
  t.notOk(existsSync(disk), 'leaves nothing')
  t.match(await failureOf(createOverlay({ disk: join(folder, 'no/folder'), backing: await makeImage(join(folder, 'base')) })), { name: 'HOST_IO' })
})

t.test('the disk of a VM that runs survives a second overlay of its name', async (t) => {
  const folder = makeFolder(t)
  const backing = await makeImage(join(folder, 'base.qcow2'))
  const disk = join(folder, 'disk.qcow2')
  await createOverlay({ disk, backing })
  const before = readFileSync(disk)
  const qmpPath = join(folder, 'qmp.sock')
  const argv = [
    ...['-S', '-accel', 'tcg', '-nodefaults', '-display', 'none', '-qmp', `unix:${qmpPath},server=on,wait=off`],
    ...['-blockdev', `driver=qcow2,node-name=disk0,file.driver=file,file.filename=${disk}`],
    ...['-device', 'virtio-blk-pci,drive=disk0'],
  ]
  await startQemu(t, argv, qmpPath, join(folder, 'log'))
  t.match(await failureOf(createOverlay({ disk, backing })), { name: 'HOST_IO', message: /lock/ })
  t.ok(readFileSync(disk).equals(before))
})

t.test('inspecting tells what an image says of itself', async (t) => {
  const folder = makeFolder(t)
  const plain = await makeImage(join(folder, 'plain.qcow2'))
  const facts = await inspectImage(plain, 'qcow2')
  t.same({ ...facts, actualSizeBytes: 0 }, { format: 'qcow2', virtualSizeBytes: 8 * MIB, actualSizeBytes: 0, clusterBytes: 65_536, corrupt: false, encrypted: false, snapshots: [] })
  t.ok(facts.actualSizeBytes > 0)

  const raw = join(folder, 'disk.raw')
  writeFileSync(raw, Buffer.alloc(MIB))
  t.match(await inspectImage(raw, 'raw'), { format: 'raw', virtualSizeBytes: MIB })

  const outside = await makeImage(join(folder, 'data.qcow2'), '-o', `data_file=${join(folder, 'data.raw')}`)
  t.match(await inspectImage(outside, 'qcow2'), { dataFile: join(folder, 'data.raw') })

  const foreign = await makeImage(join(folder, 'foreign.qcow2'), '-u', '-b', '/etc/passwd', '-F', 'raw')
  t.match(await inspectImage(foreign, 'qcow2'), { backingFile: '/etc/passwd' })

  await overwrite(plain, 79, [0x02]) // incompatible feature bit 1: corrupt (docs/interop/qcow2.txt)
  t.match(await inspectImage(plain, 'qcow2'), { corrupt: true })

  const secret = join(folder, 'secret.qcow2')
  // qemu-img times its key derivation, and on a busy machine now and then gives up: "Unable to get accurate CPU usage"
  const encrypt = ['create', '-q', '-f', 'qcow2', '--object', 'secret,id=s,data=x', '-o', 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10', secret, '8M']
  for (let tries = 1; (await execa('qemu-img', encrypt, { reject: tries === 10 })).failed; tries++);
  t.match(await inspectImage(secret, 'qcow2'), { encrypted: true })
})

t.test('a raw disk whose content looks like qcow2 stays a raw disk', async (t) => {
  const folder = makeFolder(t)
  const path = await makeImage(join(folder, 'guest.raw'), '-u', '-b', '/etc/passwd', '-F', 'raw')
  const facts = await inspectImage(path, 'raw')
  t.equal(facts.backingFile, undefined)
  const target = join(folder, 'copy.qcow2')
  await convertToQcow2({ source: path, format: 'raw', target })
  const copy = join(folder, 'copy.raw')
  await execa('qemu-img', ['convert', '-O', 'raw', target, copy])
  t.ok(readFileSync(copy).subarray(0, 4096).equals(readFileSync(path).subarray(0, 4096)))
})

t.test('what cannot be inspected is the fault of the file, or of the host', async (t) => {
  const folder = makeFolder(t)
  const junk = join(folder, 'junk')
  writeFileSync(junk, randomBytes(4096))
  t.match(await failureOf(inspectImage(junk, 'qcow2')), { name: 'IMAGE_INVALID', message: /not in qcow2 format/ })
  t.match(await failureOf(inspectImage(join(folder, 'none'), 'qcow2')), { name: 'HOST_IO', message: /No such file/ })
  const cut = await makeImage(join(folder, 'cut'))
  await overwrite(cut, 36, [0xff, 0xff, 0xff, 0xff]) // l1_size
  t.match(await failureOf(inspectImage(cut, 'qcow2')), { name: 'IMAGE_INVALID' })
})

t.test('a path is a path, whatever protocol it looks like', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'nbd:localhost:1')
  await makeImage(path)
  await t.resolves(inspectImage(path, 'qcow2'))
  await t.resolves(checkImage(path, { clusterBytes: 65_536 }))
  symlinkSync(path, join(folder, 'json:{"driver":"raw"}'))
  await t.resolves(checkImage(join(folder, 'json:{"driver":"raw"}'), { clusterBytes: 65_536 }))
})

t.test('checking finds damage, and opens no backing file', async (t) => {
  const folder = makeFolder(t)
  const foreign = await makeImage(join(folder, 'foreign'), '-u', '-b', '/nonexistent', '-F', 'raw')
  await t.resolves(checkImage(foreign, { clusterBytes: 65_536 }))

  const damaged = join(folder, 'damaged')
  writeFileSync(join(folder, 'raw'), randomBytes(MIB))
  await convertToQcow2({ source: join(folder, 'raw'), format: 'raw', target: damaged })
  await t.resolves(checkImage(damaged, { clusterBytes: 65_536 }))
  const header = readFileSync(damaged)
  const l1Offset = Number(header.readBigUInt64BE(40))
  const l2Offset = Number(header.readBigUInt64BE(l1Offset) & 0x00ffffffffffff00n)
  await overwrite(damaged, l2Offset, [0x80, 0, 0, 0x7f, 0xff, 0xff, 0x02, 0x00]) // a cluster far off, not aligned
  t.match(await failureOf(checkImage(damaged, { clusterBytes: 65_536 })), { name: 'IMAGE_INVALID', message: /damaged/ })
})

t.test('a disk of exbibytes, and one whose content is one cluster over and over, are no disks of ours', async (t) => {
  const folder = makeFolder(t)
  const huge = join(folder, 'huge')
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', huge, '1E'])
  t.match(await failureOf(inspectImage(huge, 'qcow2')), { name: 'IMAGE_INVALID', message: /exbibytes/ })
  const bomb = join(folder, 'bomb')
  writeFileSync(bomb, makeOneClusterDisk(8 * 2 ** 30))
  const facts = await inspectImage(bomb, 'qcow2')
  t.equal(facts.virtualSizeBytes, 8 * 2 ** 30, 'qemu-img finds nothing wrong with it')
  t.match(await failureOf(checkImage(bomb, facts)), { name: 'IMAGE_INVALID', message: /same part/ })
})

t.test('converting makes one qcow2 that stands alone, and tells how far it is', async (t) => {
  const folder = makeFolder(t)
  const source = join(folder, 's,o=u rce')
  const content = randomBytes(16 * MIB)
  writeFileSync(source, content)
  const target = join(folder, 't,a=r get')
  const told: number[] = []
  await convertToQcow2({ source, format: 'raw', target, onProgress: (fraction) => told.push(fraction) })
  t.match(await inspectImage(target, 'qcow2'), { virtualSizeBytes: 16 * MIB, backingFile: undefined })
  t.same(told, told.toSorted((a, b) => a - b))
  t.ok(told.length > 2)
  t.equal(told.at(-1), 1)
  const copy = join(folder, 'copy')
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', target, copy])
  t.ok(readFileSync(copy).equals(content))
})

t.test('converting reads the backing file that it is told to read', async (t) => {
  const folder = makeFolder(t)
  const [base, overlay, target, copy] = ['base', 'overlay', 'target', 'copy'].map((name) => join(folder, name)) as [string, string, string, string]
  const content = randomBytes(MIB)
  writeFileSync(join(folder, 'raw'), content)
  await convertToQcow2({ source: join(folder, 'raw'), format: 'raw', target: base })
  await createOverlay({ disk: overlay, backing: base })
  const secret = join(folder, 'secret')
  writeFileSync(secret, Buffer.alloc(MIB, 'secret'))
  const swapped = join(folder, 'swapped')
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-u', '-b', secret, '-F', 'raw', swapped, '1M'])

  const contentOf = async (source: string, backing?: string | null): Promise<Buffer> => {
    await convertToQcow2({ source, format: 'qcow2', target, ...(backing !== undefined && { backing }) })
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', target, copy])
    return readFileSync(copy)
  }
  t.ok((await contentOf(overlay)).equals(content), 'by the header')
  t.ok((await contentOf(swapped, base)).equals(content), 'by the caller, against the header')
  t.ok((await contentOf(swapped, null)).equals(Buffer.alloc(MIB)), 'none, against the header')
})

t.test('a copy that fails or is aborted leaves nothing', async (t) => {
  const folder = makeFolder(t)
  const target = join(folder, 'target')
  t.match(await failureOf(convertToQcow2({ source: join(folder, 'none'), format: 'raw', target })), { name: 'HOST_IO', message: /No such file/ })

  writeFileSync(join(folder, 'source'), randomBytes(64 * MIB))
  const abort = new AbortController()
  const reason = new Error('changed my mind')
  const onProgress = (): void => {
    abort.abort(reason)
  }
  await t.rejects(convertToQcow2({ source: join(folder, 'source'), format: 'raw', target, onProgress, signal: abort.signal }), reason)
  await t.rejects(convertToQcow2({ source: join(folder, 'source'), format: 'raw', target, signal: abort.signal }), reason)
  t.same(await readdir(folder), ['source'])
})

t.test('a full file system is told as such', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'source'), randomBytes(4 * MIB))
  await makeImage(join(folder, 'base'))
  const mount = ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"', 'sh']
  const allowed = await execa('unshare', [...mount, '1m', '/mnt', 'true'], { reject: false })
  if (allowed.exitCode !== 0) return t.pass('a full file system', { skip: 'mounting one needs unprivileged user namespaces' })

  // In the namespace the small file system lies over /mnt.
  const module = JSON.stringify(new URL('../../../daemon/qemu/disk.ts', import.meta.url).href)
  const works = {
    convert: `convertToQcow2({ source: '${folder}/source', format: 'raw', target: '/mnt/target' })`,
    overlay: `createOverlay({ disk: '/mnt/disk', backing: '${folder}/base' })`,
  }
  const sizes = { convert: '1m', overlay: '64k' }
  for (const work of ['convert', 'overlay'] as const) {
    const script = `
      const { convertToQcow2, createOverlay } = await import(${module})
      const { readdirSync } = await import('node:fs')
      const error = await ${works[work]}.catch((error) => error)
      console.log(JSON.stringify({ name: error?.data?.name, left: readdirSync('/mnt') }))`
    const { stdout } = await execa('unshare', [...mount, sizes[work], '/mnt', process.execPath, '--input-type=module', '-e', script])
    t.same(JSON.parse(stdout), { name: 'NO_SPACE', left: [] }, work)
  }
})
