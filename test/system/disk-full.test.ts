import { execFileSync } from 'node:child_process'
import { readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Event } from '../../policy/api/events.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { guestShell } from './guest-shell.ts'
import { ensureTinyImage } from './tiny-image.ts'

const skip = process.getuid?.() !== 0 && 'mounting a file system needs root'
/** 40 MiB of which no part is zeroes, for those would be left out of the disk. */
const DATA = 'yes a-line-of-many | head -c 41943040'

t.test('a guest that fills the file system of its disk is held, says why, and goes on without a loss', { skip }, async (t) => {
  const image = await ensureTinyImage()
  const daemon = await startTestDaemon(t)
  const disks = join(daemon.root, 'disks')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disks])
  t.teardown(() => execFileSync('umount', ['--lazy', disks]))
  /** Has the file system be so much larger than what is on it. */
  const leaveRoom = (kib: number): void => {
    const { blocks, bfree, bsize } = statfsSync(disks)
    execFileSync('mount', ['-o', `remount,size=${((blocks - bfree) * bsize) / 1024 + kib}k`, disks])
  }
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const { id } = await daemon.client.call('vm.create', { image: 'tiny', name: 'full', memoryMiB: 128, diskMiB: 200 })
  await daemon.client.call('vm.wait', { vm: id, for: 'agent', timeoutSeconds: 300 })
  const states: string[] = []
  daemon.client.onNotification('event', (event: Event) => void (event.kind === 'vm.state' && states.push(event.to)))
  await daemon.client.call('events.subscribe', { kinds: ['vm.state'] })
  const guest = guestShell(daemon, id)
  const writing = await guest.begin(`${DATA} | dd of=/dev/vda bs=1M seek=100 conv=fsync`)
  await eventually(() => states.includes('paused'), 'QEMU holds the guest')
  // A large write that failed may have left enough for what is small.
  leaveRoom(256)

  const problem = new RegExp(`no room on the file system at ${disks}, which has [\\d.]+ MiB left.*aetherscale vm resume full`)
  t.match(await daemon.client.call('vm.get', { vm: id }), { state: 'paused', problem })
  await daemon.kill()
  await daemon.start()
  const { client } = daemon
  t.match(await client.call('vm.get', { vm: id }), { state: 'paused', problem }, 'the next daemon finds it so')
  const { checks } = await client.call('system.doctor', {})
  t.match(checks.find(({ subject }) => subject === `VM ${id}`), { status: 'degraded', detail: problem })
  for (const method of ['vm.resume', 'vm.start']) {
    await t.rejects(client.callAny(method, { vm: id }), { name: 'NO_SPACE', message: /MiB/, hint: /room/ }, method)
  }
  const before = readdirSync(daemon.root, { recursive: true })
  await t.rejects(client.call('vm.create', { image: 'tiny', start: false }), { name: 'NO_SPACE', message: /MiB/ })
  await t.rejects(client.call('vm.snapshot.create', { vm: id, name: 'one' }), { name: 'NO_SPACE' })
  await t.rejects(client.call('vm.resize', { vm: id, diskMiB: 300 }), { name: 'NO_SPACE' })
  t.same(readdirSync(daemon.root, { recursive: true }), before, 'what found no room has left nothing')

  // The writes that had failed are made again at once, and find too little room; or they just find it, and it is a later one
  // of the guest's that does not.
  let refusal: unknown
  for (let tries = 0; tries < 10 && refusal === undefined; tries++) {
    leaveRoom(1100)
    refusal = await client.call('vm.resume', { vm: id }).then(() => undefined, (error: unknown) => error)
    await eventually(async () => (await client.call('vm.get', { vm: id })).state === 'paused', 'QEMU holds the guest again')
    t.match(await client.call('vm.get', { vm: id }), { problem })
  }
  t.match(refusal, { name: 'NO_SPACE', message: /too little room again/ })
  leaveRoom(98_304)
  t.match(await client.call('vm.resume', { vm: id }), { vm: { state: 'running', problem: undefined }, hint: undefined })
  await guest.end(writing)
  await guest.run('echo 3 >/proc/sys/vm/drop_caches')
  const sums = await guest.run(`${DATA} | md5sum; dd if=/dev/vda bs=1M skip=100 count=40 | md5sum`)
  t.equal(new Set(sums.split('\n')).size, 1, 'all that was written is there')
  t.equal(await guest.run('dmesg | grep -c "I/O error" || true'), '0', 'the guest has seen no error')
})
