import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { connectQmp } from '../../daemon/qemu/qmp.ts'
import type { Event } from '../../policy/api/events.ts'
import { connect } from '../../tui/client.ts'
import { freePort } from '../inputs/free-port.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

async function daemonWithImage(t: Test): Promise<TestDaemon> {
  const daemon = await startTestDaemon(t)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  return daemon
}

/** What a VM leaves anywhere below the daemon's folder. */
function tracesOf({ root }: TestDaemon, id: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes(id))
}

t.test('a VM is made, boots, answers, powers down when asked, comes up again and is deleted without a trace', async (t) => {
  const daemon = await daemonWithImage(t)
  const { client } = daemon
  const events: Event[] = []
  client.onNotification('event', (event) => events.push(event))
  await client.call('events.subscribe', {})

  const progress: string[] = []
  const made = await client.call(
    'vm.create',
    { image: 'tiny', name: 'web', memoryMiB: 128, vcpus: 1 },
    { onProgress: ({ message }) => progress.push(message) },
  )
  t.match(made, { name: 'web', state: 'running', image: 'tiny', accelerator: 'tcg', machine: /^pc-i440fx-\d/ })
  t.ok(progress.includes('starting QEMU'), 'the one who asks is told how far it is')
  t.same(daemon.qemus(), [made.pid])

  const answered = await client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: 300 })
  t.equal(answered.agent, 'connected')
  await eventually(() => events.some((event) => event.kind === 'vm.addresses' && event.addresses.length > 0), 'addresses')
  const { addresses, networks } = await client.call('vm.get', { vm: made.id })
  t.ok(addresses.some(({ mac }) => mac === networks[0]?.mac), 'the guest has the MAC address of the record')

  const log = await client.call('vm.log', { vm: 'web' })
  t.ok(log.text.length > 0, 'the serial console was logged')

  const stopped = await client.call('vm.stop', { vm: 'web', timeoutSeconds: 120 })
  t.match(stopped, { endedBy: 'guest', vm: { state: 'stopped', addresses: [], agent: 'absent' } })
  t.same(daemon.qemus(), [])
  t.match(await client.call('vm.stop', { vm: 'web' }), { endedBy: 'already-stopped', hint: /stopped already/ })

  t.match(await client.call('vm.start', { vm: 'web' }), { vm: { state: 'running' } })
  t.match(await client.call('vm.start', { vm: 'web' }), { hint: /running already/ })
  const second = await client.call('vm.wait', { vm: 'web', for: 'agent', timeoutSeconds: 300 })
  t.not(second.pid, made.pid)

  t.same(await client.call('vm.delete', { vm: 'web' }), { id: made.id })
  t.same(daemon.qemus(), [])
  t.same(tracesOf(daemon, made.id), [])
  t.same(await client.call('vm.list', {}), { vms: [] })
  const kinds = new Set(events.map(({ kind }) => kind))
  t.same([...kinds].sort(), ['vm.addresses', 'vm.agent', 'vm.changed', 'vm.created', 'vm.deleted', 'vm.state'])
})

t.test('the serial console is shared by all who join, and a forwarded port leads to what is started there', async (t) => {
  const daemon = await daemonWithImage(t)
  const port = await freePort()
  const networks = [{ kind: 'user' as const, forwards: [`${port}:80`] }]
  await daemon.client.call('vm.create', { image: 'tiny', name: 'con', memoryMiB: 128, networks })
  await daemon.client.call('vm.wait', { vm: 'con', for: 'agent', timeoutSeconds: 300 })
  const join = async (): Promise<{ seen: () => string; type: (text: string) => void }> => {
    const client = await connect({ directory: daemon.sockets, env: {}, access: 'control' })
    t.teardown(() => {
      client.close()
    })
    const { socket, early } = await client.upgrade('vm.console', { vm: 'con' })
    let seen = Buffer.from(early).toString()
    socket.on('data', (chunk) => (seen += chunk.toString()))
    socket.resume()
    return { seen: () => seen, type: (text) => socket.write(text) }
  }
  const [one, two] = [await join(), await join()]
  // what is typed before the shell is there is lost
  const typing = setInterval(() => one.type('\necho $((6 * 7))-from-the-guest\n'), 10_000)
  t.teardown(() => {
    clearInterval(typing)
  })
  one.type('\necho $((6 * 7))-from-the-guest\n')
  await eventually(() => one.seen().includes('42-from-the-guest'), 'the answer, for the one who typed')
  await eventually(() => two.seen().includes('42-from-the-guest'), 'the answer, for the one who looks on')
  clearInterval(typing)

  one.type('httpd -p 80 -h /etc && echo serving-$((1 + 1))\n')
  await eventually(() => one.seen().includes('serving-2'), 'the web server in the guest')
  const answer = await fetch(`http://127.0.0.1:${port}/os-release`, { signal: AbortSignal.timeout(60_000) })
  t.match(await answer.text(), /^ID=aetherscale-tiny$/m)

  await daemon.client.call('vm.stop', { vm: 'con', force: true })
  await t.rejects(daemon.client.call('vm.console', { vm: 'con' }), { name: 'VM_NOT_RUNNING' })
})

t.test('operations on one VM run in the order in which they came, whoever sends them', async (t) => {
  const { client, qemus } = await daemonWithImage(t)
  const { id } = await client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  const first = qemus()
  const [stop, start, again] = await Promise.all([
    client.call('vm.stop', { vm: id, force: true }),
    client.call('vm.start', { vm: id }),
    client.call('vm.restart', { vm: id, force: true }),
  ])
  t.equal(stop.endedBy, 'sigterm')
  t.equal(stop.vm.state === 'stopped' || stop.vm.state === 'starting', true)
  t.equal(start.hint, undefined, 'the start found it stopped')
  t.equal(again.endedBy, 'sigterm')
  t.equal(again.vm.state, 'running')
  t.notSame(qemus(), first)
  t.equal(qemus().length, 1)
})

t.test('a forced stop hastens one that waits for its guest', async (t) => {
  const { client } = await daemonWithImage(t)
  // Stopped in the boot loader's hands, so early that no guest hears the power button.
  const { id } = await client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  const graceful = client.call('vm.stop', { vm: id, timeoutSeconds: 3600 })
  const forced = client.call('vm.stop', { vm: id, force: true })
  t.equal((await graceful).endedBy, 'sigterm')
  t.equal((await forced).endedBy, 'already-stopped')
})

t.test('a VM whose QEMU is killed shows as stopped, and starts again', async (t) => {
  const { client, qemus } = await daemonWithImage(t)
  const { id, pid } = await client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  process.kill(pid ?? 0, 'SIGKILL')
  t.equal((await client.call('vm.wait', { vm: id, for: 'stopped' })).state, 'stopped')
  await client.call('vm.start', { vm: id })
  t.equal(qemus().length, 1)
})

t.test('a daemon that stops leaves its VMs running, and the next one takes them over', async (t) => {
  const daemon = await daemonWithImage(t)
  const before = await daemon.client.call('vm.create', { image: 'tiny', name: 'kept', memoryMiB: 64 })
  await daemon.stop()
  t.same(daemon.qemus(), [before.pid])
  await daemon.start()
  const after = await daemon.client.call('vm.get', { vm: 'kept' })
  t.match(after, { id: before.id, pid: before.pid, state: 'running', accelerator: 'tcg' })
  t.equal((await daemon.client.call('vm.stop', { vm: 'kept', force: true })).endedBy, 'sigterm')
})

t.test('a QEMU that hangs is shown by the next daemon all the same, and SIGKILL ends it', async (t) => {
  const daemon = await daemonWithImage(t)
  const { id, pid = 0 } = await daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  process.kill(pid, 'SIGSTOP')
  await daemon.kill()
  await daemon.start()
  t.match(await daemon.client.call('vm.get', { vm: id }), { state: 'running', pid })
  t.equal((await daemon.client.call('vm.stop', { vm: id, force: true })).endedBy, 'sigkill')
  t.same(daemon.qemus(), [])
})

t.test('a VM is still known, and taken down with its disk, when its runtime folder was cleaned away', async (t) => {
  const daemon = await daemonWithImage(t)
  const { id, pid } = await daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  await daemon.kill()
  rmSync(daemon.sockets, { recursive: true })
  await daemon.start()
  t.match(await daemon.client.call('vm.get', { vm: id }), { state: 'running', pid })
  await daemon.client.call('vm.delete', { vm: id })
  t.same(daemon.qemus(), [])
  t.same(tracesOf(daemon, id), [])
})

t.test('a VM that is held shows as paused, and start lets it go on', async (t) => {
  const daemon = await daemonWithImage(t)
  const { id } = await daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  // QMP takes one client, so somebody else can only speak to QEMU while no daemon does.
  await daemon.stop()
  const qmp = await connectQmp(join(daemon.sockets, 'vm', id, 'qmp.sock'))
  await qmp.execute('stop')
  qmp.close()
  await qmp.closed
  await daemon.start()
  t.equal((await daemon.client.call('vm.get', { vm: id })).state, 'paused')
  t.match(await daemon.client.call('vm.start', { vm: id }), { hint: undefined })
  t.equal((await daemon.client.call('vm.wait', { vm: id, for: 'running' })).state, 'running')
})

t.test('a VM that is to start with the host does so once a boot, and not when only the daemon starts anew', async (t) => {
  const daemon = await daemonWithImage(t)
  const { id } = await daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 64, autostart: true, start: false })
  await daemon.stop()
  await daemon.start()
  t.equal((await daemon.client.call('vm.get', { vm: id })).state, 'stopped', 'the host has not booted meanwhile')
  await daemon.stop()
  // As after a boot: the daemon has seen another one.
  writeFileSync(join(daemon.root, 'config', 'boot.json'), JSON.stringify({ bootId: 'another' }))
  await daemon.start()
  t.equal((await daemon.client.call('vm.wait', { vm: id, for: 'running' })).state, 'running')
})

t.test('whether a VM is to start with the host can be changed, while it runs as well', async (t) => {
  const daemon = await startTestDaemon(t)
  const { client, root } = daemon
  spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(root, 'images', 'small.qcow2'), '8M'])
  const { id } = await client.call('vm.create', { image: 'small', memoryMiB: 32, networks: [] })
  const events: Event[] = []
  client.onNotification('event', (event) => events.push(event))
  await client.call('events.subscribe', { kinds: ['vm.changed', 'vm.state'] })
  t.match(await client.call('vm.set', { vm: id, autostart: true }), { id, state: 'running', autostart: true })
  t.match(JSON.parse(readFileSync(join(root, 'config', 'vm', id, 'vm.json'), 'utf8')), { autostart: true, pending: undefined })
  t.match(await client.call('vm.set', { vm: id, autostart: true }), { autostart: true }, 'again, it changes nothing')
  await eventually(() => events.length > 0, 'vm.changed')
  t.same([...new Set(events.map(({ kind }) => kind))], ['vm.changed'])
  await t.rejects(client.call('vm.set', { vm: id }), { name: 'INVALID_PARAMS', field: 'autostart' })
  await t.rejects(client.call('vm.set', { vm: 'nobody', autostart: true }), { name: 'VM_NOT_FOUND' })

  await client.call('vm.stop', { vm: id, force: true })
  await daemon.kill()
  // As after a boot that came in the middle of a change.
  const record = join(root, 'config', 'vm', id, 'vm.json')
  writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), pending: { operation: 'set' } }))
  writeFileSync(join(root, 'config', 'boot.json'), JSON.stringify({ bootId: 'another' }))
  await daemon.start()
  t.match(await daemon.client.call('vm.wait', { vm: id, for: 'running' }), { autostart: true })
  t.match(await daemon.client.call('vm.set', { vm: id, autostart: false }), { autostart: false, state: 'running' })
})

t.test('a second daemon on the same folder is turned away, and the first does not notice', async (t) => {
  const daemon = await daemonWithImage(t)
  const second = spawnSync(process.execPath, [join(import.meta.dirname, '../../daemon/main.ts'), '--root', daemon.root], { encoding: 'utf8' })
  t.equal(second.status, 1)
  t.match(second.stderr, /Another aetherscaled works on/)
  t.same(await daemon.client.call('vm.list', {}), { vms: [] })
})

t.test('vm.plan shows the commands and does none of them', async (t) => {
  const daemon = await daemonWithImage(t)
  const before = readdirSync(daemon.root, { recursive: true })
  const plan = await daemon.client.call('vm.plan', { image: 'tiny', memoryMiB: 256, networks: [{ kind: 'user', forwards: ['2222:22'] }] })
  t.match(plan.commands.map(({ argv }) => argv[0]), ['qemu-img', 'genisoimage', /\/qemu-system-x86_64$/])
  t.ok(plan.commands.at(-1)?.argv.some((word) => word.includes('hostfwd=tcp:127.0.0.1:2222-:22')))
  t.ok(plan.networks[0]?.includes('2222:22'))
  t.same(readdirSync(daemon.root, { recursive: true }), before)
  t.same(await daemon.client.call('vm.list', {}), { vms: [] })

  const vm = await daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 64 })
  const { commands } = await daemon.client.call('vm.plan', { vm: vm.id })
  const running = readFileSync(`/proc/${vm.pid ?? 0}/cmdline`, 'utf8').split('\0').slice(0, -1)
  t.same(commands[0]?.argv, running, 'what is shown is what runs')
})

t.test('a port to forward that is taken is named, and nothing is left of the VM', async (t) => {
  const { client, root } = await daemonWithImage(t)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const networks = [{ kind: 'user' as const, forwards: [`${port}:22`] }]
  await t.rejects(client.call('vm.create', { image: 'tiny', memoryMiB: 64, networks }), {
    name: 'PORT_IN_USE', field: 'networks',
  })
  t.same(await client.call('vm.list', {}), { vms: [] }, 'nothing is left of the VM that could not start')
  t.same(readdirSync(join(root, 'disks')), [])
  t.same(readdirSync(join(root, 'config', 'vm')), [])
})

t.test('a disk that was moved away is told plainly, and is all right again once it is back', async (t) => {
  const { client, root } = await daemonWithImage(t)
  const { id } = await client.call('vm.create', { image: 'tiny', start: false })
  const disk = join(root, 'disks', `${id}.qcow2`)
  t.ok(existsSync(disk))
  renameSync(disk, `${disk}.away`)
  t.match(await client.call('vm.get', { vm: id }), { state: 'broken', problem: new RegExp(disk) })
  await t.rejects(client.call('vm.start', { vm: id }), { name: 'VM_DISK_MISSING' })
  renameSync(`${disk}.away`, disk)
  t.equal((await client.call('vm.get', { vm: id })).state, 'stopped')
})
