import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createGuestAgent } from '../../daemon/qemu/agent.ts'
import type { Event } from '../../policy/api/events.ts'
import { run } from '../tui/command-process.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { guestShell } from './guest-shell.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

t.test('a VM is held, grows, is kept in snapshots, cloned, exported and comes back from what was exported', async (t) => {
  const daemon = await startTestDaemon(t)
  const { client } = daemon
  const states: string[] = []
  client.onNotification('event', (event: Event) => void (event.kind === 'vm.state' && states.push(event.to)))
  await client.call('events.subscribe', { kinds: ['vm.state'] })
  await client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const web = await client.call('vm.create', { image: 'tiny', name: 'web', memoryMiB: 128 })
  const { id, diskMiB: atFirst } = web
  await client.call('vm.wait', { vm: id, for: 'agent', timeoutSeconds: 300 })
  const guest = guestShell(daemon, id)
  const diskOfGuest = async (): Promise<number> => Number(await guest.run('cat /sys/block/vda/size')) / 2048

  t.match(await client.call('vm.suspend', { vm: id }), { vm: { state: 'paused', problem: undefined }, hint: undefined })
  t.match(await client.call('vm.suspend', { vm: id }), { vm: { state: 'paused' }, hint: /paused already/ })
  t.match(await client.call('vm.resume', { vm: id }), { vm: { state: 'running' }, hint: undefined })
  t.match(await client.call('vm.resume', { vm: id }), { hint: /running already/ })
  t.same(states.slice(-2), ['paused', 'running'], 'subscribers are told')

  const grown = await client.call('vm.resize', { vm: id, diskMiB: atFirst + 64, vcpus: 2, memoryMiB: 160 })
  t.match(grown, { vm: { diskMiB: atFirst + 64, vcpus: 1, memoryMiB: 128, atNextStart: { vcpus: 2, memoryMiB: 160 } }, hint: /growpart.*next start/ })
  t.equal(await diskOfGuest(), atFirst + 64, 'the guest sees the larger disk at once')
  await t.rejects(client.call('vm.resize', { vm: id, diskMiB: atFirst }), { name: 'VM_DISK_SHRINK', field: 'diskMiB' })
  await t.rejects(client.call('vm.resize', { vm: id }), { name: 'INVALID_PARAMS' })

  await guest.run('echo before >/root/content')
  const kept = await client.call('vm.snapshot.create', { vm: id, name: 'one' })
  t.equal(kept.consistency, 'filesystem', 'the guest froze its file systems, unasked for a sync')
  await guest.run('echo after >/root/content && sync')
  await t.rejects(client.call('vm.snapshot.create', { vm: id, name: 'one' }), { name: 'SNAPSHOT_NAME_TAKEN' })
  await t.rejects(client.call('vm.snapshot.delete', { vm: id, name: 'two' }), { name: 'SNAPSHOT_NOT_FOUND' })
  await client.call('vm.suspend', { vm: id })
  t.equal((await client.call('vm.snapshot.create', { vm: id, name: 'two' })).consistency, 'crash', 'a guest that is held cannot freeze')
  await client.call('vm.resume', { vm: id })
  await client.call('vm.snapshot.delete', { vm: id, name: 'two' })
  t.match(await client.call('vm.snapshot.list', { vm: id }), { snapshots: [{ name: 'one', createdAt: kept.createdAt }] })

  const folder = t.testdir()
  const old = join(folder, 'old.qcow2')
  const phases = new Set<string>()
  const exported = await client.call('vm.export', { vm: id, path: old, snapshot: 'one' }, { onProgress: ({ fraction }) => phases.add(typeof fraction) })
  t.match(exported, { vm: id, path: old, fileBytes: Number })
  t.ok(phases.has('number'), 'whoever asked is told how far it is')
  for (const [method, more] of Object.entries({ 'vm.snapshot.restore': { name: 'one' }, 'vm.clone': {}, 'vm.export': { path: join(folder, 'x.qcow2') } })) {
    await t.rejects(client.callAny(method, { vm: id, ...more }), { name: 'VM_RUNNING', hint: /aetherscale vm stop web/ })
  }

  await client.call('vm.suspend', { vm: id })
  t.match(await client.call('vm.stop', { vm: id, timeoutSeconds: 120 }), { endedBy: 'guest' }, 'a guest that is held is let go on to power down')
  await t.rejects(client.call('vm.suspend', { vm: id }), { name: 'VM_NOT_RUNNING' })
  const larger = await client.call('vm.resize', { vm: id, diskMiB: atFirst + 128 })
  t.match(larger.vm, { diskMiB: atFirst + 128, vcpus: 2, memoryMiB: 160, atNextStart: undefined })
  t.equal((await client.call('vm.snapshot.create', { vm: id, name: 'large' })).consistency, 'clean')

  const copy = await client.call('vm.clone', { vm: id, name: 'copy' })
  t.match(copy, { state: 'stopped', image: 'tiny', diskMiB: atFirst + 128, vcpus: 2, memoryMiB: 160 })
  t.not(copy.id, id)
  t.not(copy.networks[0]!.mac, web.networks[0]!.mac)
  t.same(await client.call('vm.snapshot.list', { vm: 'copy' }), { snapshots: [] }, 'snapshots are left behind')
  await t.rejects(client.call('vm.clone', { vm: id, name: 'copy' }), { name: 'VM_NAME_TAKEN' })

  t.equal((await client.call('vm.snapshot.restore', { vm: id, name: 'one' })).diskMiB, atFirst + 64, 'the size comes back along')
  const env = { AETHERSCALE_SOCKET_DIR: daemon.sockets }
  const listed = await run(t, ['vm', 'snapshot', 'list', 'web'], { env })
  t.match(listed, { status: 0, stdout: /^NAME +CREATED AT\none .*\nlarge /i })

  writeFileSync(join(folder, 'there.qcow2'), '')
  await t.rejects(client.call('vm.export', { vm: id, path: join(folder, 'there.qcow2') }), { name: 'EXPORT_PATH_TAKEN' })
  await t.rejects(client.call('vm.export', { vm: id, path: join(daemon.root, 'images', 'x.qcow2') }), { name: 'INVALID_PARAMS', field: 'path' })
  t.same(readdirSync(folder).sort(), ['old.qcow2', 'there.qcow2'], 'nothing else is left of exports')

  await client.call('image.import', { path: old, name: 'old', firstBoot: 'nocloud' })
  const back = await client.call('vm.create', { image: 'old', name: 'back', memoryMiB: 128 })
  await Promise.all(['web', 'copy'].map((vm) => client.call('vm.start', { vm })))
  const contents = [id, copy.id, back.id].map(async (vm) => {
    await client.call('vm.wait', { vm, for: 'agent', timeoutSeconds: 300 })
    return await guestShell(daemon, vm).run('cat /root/content; nproc')
  })
  t.same(await Promise.all(contents), ['before\n2', 'after\n2', 'before\n1'])
  t.equal(await diskOfGuest(), atFirst + 64)

  await daemon.kill()
  const agent = createGuestAgent(join(daemon.root, 'run', 'vm', id, 'agent.sock'), { timeoutMs: 60_000 })
  t.ok(Number(await agent.execute('guest-fsfreeze-freeze')) > 0)
  const record = join(daemon.root, 'config', 'vm', id, 'vm.json')
  writeFileSync(record, JSON.stringify({ ...(JSON.parse(readFileSync(record, 'utf8')) as object), pending: { operation: 'snapshot' } }))
  await daemon.start()
  await eventually(() => !readFileSync(record, 'utf8').includes('pending'), 'the next daemon has finished')
  t.equal(await agent.execute('guest-fsfreeze-status'), 'thawed', 'a guest that a daemon had frozen when it was killed is thawed by the next')
})
