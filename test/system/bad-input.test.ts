import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startTestDaemon, type TestDaemon } from './daemon.ts'

function qemuImg(...argv: string[]): void {
  const { status, stderr } = spawnSync('qemu-img', argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

async function daemonWithDisk(t: Test): Promise<TestDaemon & { readonly outside: string }> {
  const daemon = await startTestDaemon(t)
  const outside = join(daemon.root, 'outside')
  mkdirSync(outside)
  qemuImg('create', '-q', '-f', 'qcow2', join(outside, 'small.qcow2'), '8M')
  await daemon.client.call('image.import', { path: join(outside, 'small.qcow2') })
  return Object.assign(daemon, { outside })
}

/** Everything that a refused request could have left. */
function everything({ root }: TestDaemon): string[] {
  return ['images', 'disks', 'config', 'run', 'log'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ).sort()
}

t.test('requests that cannot be met are refused by code and field, and leave nothing', async (t) => {
  const daemon = await daemonWithDisk(t)
  const { client } = daemon
  await client.call('vm.create', { image: 'small', name: 'taken', start: false })
  const before = everything(daemon)
  const refused: readonly [string, string, unknown, object][] = [
    ['an unknown method', 'vm.explode', {}, { code: -32601 }],
    ['no params where some are needed', 'vm.create', {}, { code: -32602, field: 'image' }],
    ['a param of the wrong type', 'vm.create', { image: 'small', vcpus: 'two' }, { code: -32602, field: 'vcpus' }],
    ['a number out of range', 'vm.create', { image: 'small', memoryMiB: 1 }, { code: -32602, field: 'memoryMiB' }],
    ['a param that there is not', 'vm.create', { image: 'small', ram: 1 }, { code: -32602, message: /ram/ }],
    ['an image that is not there', 'vm.create', { image: 'none' }, { name: 'IMAGE_NOT_FOUND', field: 'image' }],
    ['a path as image', 'vm.create', { image: '../../etc/passwd' }, { code: -32602, field: 'image' }],
    ['an absolute path as image', 'vm.create', { image: '/etc/passwd' }, { code: -32602, field: 'image' }],
    ['a hidden file as image', 'vm.create', { image: '.small' }, { code: -32602, field: 'image' }],
    ['a name that is taken', 'vm.create', { image: 'small', name: 'taken' }, { name: 'VM_NAME_TAKEN', field: 'name' }],
    ['a name that is no host name', 'vm.create', { image: 'small', name: 'Bad_Name' }, { code: -32602, field: 'name' }],
    ['a disk smaller than the image', 'vm.create', { image: 'small', diskMiB: 4 }, { name: 'VM_DISK_TOO_SMALL', field: 'diskMiB' }],
    ['a network of an unknown kind', 'vm.create', { image: 'small', networks: [{ kind: 'warp' }] }, { code: -32602, field: /^networks\.0/ }],
    ['a forward that is none', 'vm.create', { image: 'small', networks: [{ kind: 'user', forwards: ['99999:1'] }] }, { code: -32602, field: 'networks.0.forwards.0' }],
    ['an option smuggled into a forward', 'vm.create', { image: 'small', networks: [{ kind: 'user', forwards: ['1:2,guestfwd=x'] }] }, { code: -32602, field: 'networks.0.forwards.0' }],
    ['a VM that is not there', 'vm.start', { vm: 'nobody' }, { name: 'VM_NOT_FOUND', field: 'vm' }],
    ['a path as VM', 'vm.get', { vm: '../..' }, { code: -32602, field: 'vm' }],
    ['params by position', 'vm.get', ['taken'], { code: -32602, message: /by name/ }],
    ['the console of a stopped VM', 'vm.console', { vm: 'taken' }, { name: 'VM_NOT_RUNNING' }],
    ['a plan of nothing', 'vm.plan', {}, { code: -32602, field: 'image' }],
    ['an image in use deleted', 'image.delete', { image: 'small' }, { name: 'IMAGE_IN_USE', message: /1 VM/ }],
    ['an image that is not there deleted', 'image.delete', { image: 'none' }, { name: 'IMAGE_NOT_FOUND' }],
    ['a wait that takes too long', 'vm.wait', { vm: 'taken', for: 'running', timeoutSeconds: 0 }, { name: 'VM_WAIT_TIMEOUT' }],
  ]
  for (const [sentence, method, params, error] of refused) {
    t.match(await t.rejects(client.callAny(method, params), sentence), error, sentence)
  }
  t.same(everything(daemon), before, 'nothing is left of any of them')
  t.same(daemon.qemus(), [])
})

t.test('files that are no sound disks are not imported, and leave nothing', async (t) => {
  const daemon = await daemonWithDisk(t)
  const { client, outside } = daemon
  const file = (name: string): string => join(outside, name)
  qemuImg('create', '-q', '-f', 'qcow2', '-b', '/etc/passwd', '-F', 'raw', '-u', file('backed.qcow2'), '8M')
  qemuImg('create', '-q', '-f', 'qcow2', '-b', 'json:{"driver":"file","filename":"/etc/passwd"}', '-F', 'raw', '-u', file('json.qcow2'), '8M')
  qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${file('data.raw')},data_file_raw=on`, file('split.qcow2'), '8M')
  qemuImg('create', '-q', '-f', 'qcow2', file('cut.qcow2'), '8M')
  truncateSync(file('cut.qcow2'), 300)
  writeFileSync(file('head.qcow2'), 'QFI\xfb and then no qcow2 at all'.padEnd(1024, '!'), 'latin1')
  qemuImg('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', file('huge.qcow2'), '1P')
  qemuImg('create', '-q', '-f', 'vmdk', file('other.vmdk'), '8M')
  writeFileSync(file('text.img'), 'hello')
  writeFileSync(file('empty.img'), '')
  mkdirSync(file('folder'))
  spawnSync('mkfifo', [file('fifo')])
  symlinkSync('nowhere', file('dangling'))
  const before = everything(daemon)
  const refused: readonly [string, string, object][] = [
    ['with a backing file outside the image folder', 'backed.qcow2', { name: 'IMAGE_UNSAFE', message: /\/etc\/passwd/ }],
    ['with a backing file in QEMU\'s own notation', 'json.qcow2', { name: 'IMAGE_UNSAFE' }],
    ['with an external data file', 'split.qcow2', { name: 'IMAGE_UNSAFE' }],
    ['cut short', 'cut.qcow2', { name: 'IMAGE_INVALID' }],
    ['with a qcow2 header and nothing behind it', 'head.qcow2', { name: 'IMAGE_INVALID' }],
    ['of a size that nobody has', 'huge.qcow2', { name: 'IMAGE_INVALID', message: /64 TiB/ }],
    ['of another format', 'other.vmdk', { name: 'IMAGE_INVALID', message: /VMDK/ }],
    ['that is a text', 'text.img', { name: 'IMAGE_INVALID', message: /512/ }],
    ['that is empty', 'empty.img', { name: 'IMAGE_INVALID' }],
    ['that is a folder', 'folder', { name: 'IMAGE_SOURCE_UNREADABLE' }],
    ['that is a FIFO', 'fifo', { name: 'IMAGE_SOURCE_UNREADABLE' }],
    ['that is a link to nothing', 'dangling', { name: 'IMAGE_SOURCE_UNREADABLE' }],
    ['that is not there', 'none.qcow2', { name: 'IMAGE_SOURCE_UNREADABLE', field: 'path' }],
  ]
  for (const [sentence, name, error] of refused) {
    t.match(await t.rejects(client.call('image.import', { path: file(name), name: 'new' }), sentence), error, sentence)
  }
  await t.rejects(client.call('image.import', { path: 'small.qcow2' }), { code: -32602, field: 'path' }, 'by a relative path')
  await t.rejects(client.call('image.import', { path: file('small.qcow2') }), { name: 'IMAGE_NAME_TAKEN' }, 'twice')
  t.same(everything(daemon), before)
})

t.test('a raw disk is taken as raw, also when its content pretends to be more', async (t) => {
  const daemon = await daemonWithDisk(t)
  const raw = join(daemon.outside, 'plain.raw')
  writeFileSync(raw, Buffer.alloc(1_048_576, 7))
  t.match(await daemon.client.call('image.import', { path: raw }), { name: 'plain', virtualSizeMiB: 1, usedBy: [] })
})

t.test('an image on an image of ours is imported as one file', async (t) => {
  const daemon = await daemonWithDisk(t)
  const overlay = join(daemon.outside, 'overlay.qcow2')
  qemuImg('create', '-q', '-f', 'qcow2', '-b', join(daemon.root, 'images', 'small.qcow2'), '-F', 'qcow2', overlay)
  await daemon.client.call('image.import', { path: overlay })
  const info = spawnSync('qemu-img', ['info', '--output=json', join(daemon.root, 'images', 'overlay.qcow2')], { encoding: 'utf8' })
  t.notHas(JSON.parse(info.stdout), { 'backing-filename': /./ })
})

t.test('a bad file that somebody put into the image folder is shown with its problem, and no VM is made of it', async (t) => {
  const daemon = await daemonWithDisk(t)
  writeFileSync(join(daemon.root, 'images', 'broken.qcow2'), 'QFI\xfbgarbage', 'latin1')
  qemuImg('create', '-q', '-f', 'qcow2', '-b', '/etc/passwd', '-F', 'raw', '-u', join(daemon.root, 'images', 'sly.qcow2'), '8M')
  const { images } = await daemon.client.call('image.list', {})
  t.match(images, [{ name: 'broken', problem: /./ }, { name: 'sly', problem: /refers to another file/ }, { name: 'small', usedBy: [] }])
  await t.rejects(daemon.client.call('vm.create', { image: 'broken' }), { name: 'IMAGE_INVALID' })
  await t.rejects(daemon.client.call('vm.create', { image: 'sly' }), { name: 'IMAGE_UNSAFE' })
})

t.test('an image folder that is not there is named', async (t) => {
  const daemon = await daemonWithDisk(t)
  renameSync(join(daemon.root, 'images'), join(daemon.root, 'elsewhere'))
  for (const [method, params] of [
    ['image.list', {}],
    ['vm.create', { image: 'small' }],
    ['image.import', { path: join(daemon.outside, 'small.qcow2') }],
  ] as const) {
    await t.rejects(daemon.client.callAny(method, params), { name: 'IMAGE_FOLDER_MISSING', hint: /mkdir -p/ }, method)
  }
})

t.test('a record that was spoilt by hand is left as it is, and told', async (t) => {
  const daemon = await daemonWithDisk(t)
  const { id } = await daemon.client.call('vm.create', { image: 'small', start: false })
  const record = join(daemon.root, 'config', 'vm', id, 'vm.json')
  await daemon.stop()
  writeFileSync(record, '{"version": 1,')
  await daemon.start()
  await t.rejects(daemon.client.call('vm.get', { vm: id }), { name: 'VM_RECORD_BROKEN', hint: new RegExp(id) })
  const { checks } = await daemon.client.call('system.doctor', {})
  t.ok(checks.some(({ subject, status }) => subject === `VM ${id}` && status === 'degraded'))
  t.ok(existsSync(join(daemon.root, 'disks', `${id}.qcow2`)), 'the disk is still there')
  await t.rejects(daemon.client.call('image.delete', { image: 'small' }), { name: 'IMAGE_IN_USE', message: new RegExp(id) })
})

const isRoot = process.getuid?.() === 0
const cannotMount = isRoot
  ? spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' }).stderr
  : 'only root can mount a file system of its own'

t.test('a disk that is full is told, leaves nothing half made, and stop and delete still work', { skip: cannotMount || false }, async (t) => {
  const daemon = await startTestDaemon(t)
  await daemon.stop()
  for (const folder of ['images', 'config']) {
    const path = join(daemon.root, folder)
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2M', 'aetherscale-test', path])
    t.teardown(() => spawnSync('umount', ['-l', path]))
  }
  await daemon.start()
  const source = join(daemon.root, 'big.raw')
  writeFileSync(source, Buffer.alloc(8 * 1_048_576, 1))
  await t.rejects(daemon.client.call('image.import', { path: source, name: 'big' }), { name: 'NO_SPACE' })
  t.same(readdirSync(join(daemon.root, 'images')), [])

  writeFileSync(join(daemon.root, 'images', 'tmp'), '')
  qemuImg('create', '-q', '-f', 'qcow2', join(daemon.root, 'images', 'small.qcow2'), '8M')
  const { id } = await daemon.client.call('vm.create', { image: 'small', memoryMiB: 64, networks: [] })
  spawnSync('sh', ['-c', `cat /dev/zero > ${join(daemon.root, 'config', 'ballast')}`])
  await t.rejects(daemon.client.call('vm.create', { image: 'small' }), { name: 'NO_SPACE' })
  t.equal((await daemon.client.call('vm.list', {})).vms.length, 1)
  t.equal((await daemon.client.call('vm.stop', { vm: id, force: true })).endedBy, 'sigterm')
  await daemon.client.call('vm.delete', { vm: id })
  t.same(readdirSync(join(daemon.root, 'disks')), [])
})

t.test('a folder that the daemon may not write is an error that names it', { skip: cannotMount || false }, async (t) => {
  const daemon = await daemonWithDisk(t)
  const disks = join(daemon.root, 'disks')
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'aetherscale-test', disks])
  t.teardown(() => spawnSync('umount', ['-l', disks]))
  await t.rejects(daemon.client.call('vm.create', { image: 'small' }), { name: 'HOST_IO', message: /disks/ })
  t.same((await daemon.client.call('vm.list', {})).vms, [])
  t.same(readdirSync(join(daemon.root, 'config', 'vm')), [])
})
