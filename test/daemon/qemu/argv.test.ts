import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { MacAddress, VmId, VmName } from '../../../policy/names.ts'
import { AGENT_CHARDEV, AGENT_PORT, qemuArgv, type QemuSpec } from '../../../daemon/qemu/argv.ts'
import { newestMachine, QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { makeGuestDisk } from './guest-disk.ts'
import { freePort } from '../../inputs/free-port.ts'
import { startQemu } from './start-qemu.ts'

const id = VmId.parse('adbvzwdf')
const mac = MacAddress.parse('52:54:00:12:34:56')

function specIn(folder: string, changes: Partial<QemuSpec> = {}): QemuSpec {
  const at = (name: string): string => join(folder, name)
  return {
    id,
    machine: 'pc-i440fx-7.2',
    accelerator: 'tcg',
    vcpus: 1,
    memoryMiB: 64,
    disk: at('disk.qcow2'),
    nics: [],
    paths: {
      qmp: at('qmp.sock'),
      shutdown: at('shutdown.sock'),
      agent: at('agent.sock'),
      console: at('console.sock'),
      consoleLog: at('console.log'),
    },
    ...changes,
  }
}

/** The values of an option, in order. */
function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (argv[index - 1] === option ? [word] : []))
}

t.test('the command line as a table', (t) => {
  const cases: { title: string; changes: Partial<QemuSpec>; option: string; values: string[] }[] = [
    { title: 'a VM without a name goes by its id', changes: {}, option: '-name', values: ['guest=adbvzwdf,process=qemu-adbvzwdf,debug-threads=on'] },
    { title: 'a name is shown', changes: { name: VmName.parse('web-1') }, option: '-name', values: ['guest=web-1,process=qemu-adbvzwdf,debug-threads=on'] },
    { title: 'the machine is the pinned one', changes: {}, option: '-machine', values: ['pc-i440fx-7.2,dump-guest-core=off'] },
    { title: 'KVM gives the CPU of the host', changes: { accelerator: 'kvm' }, option: '-cpu', values: ['host'] },
    { title: 'KVM has no translation buffer', changes: { accelerator: 'kvm' }, option: '-accel', values: ['kvm'] },
    { title: 'TCG gives every feature that it has', changes: {}, option: '-cpu', values: ['max'] },
    { title: 'a small guest has the least translation buffer', changes: { memoryMiB: 96 }, option: '-accel', values: ['tcg,tb-size=32'] },
    { title: 'the translation buffer grows with memory', changes: { memoryMiB: 1001 }, option: '-accel', values: ['tcg,tb-size=125'] },
    { title: 'a large guest has the most', changes: { memoryMiB: 65_536 }, option: '-accel', values: ['tcg,tb-size=256'] },
    { title: 'memory is in MiB', changes: { memoryMiB: 1024 }, option: '-m', values: ['size=1024M'] },
    { title: 'vcpus are whole CPUs', changes: { vcpus: 4 }, option: '-smp', values: ['cpus=4'] },
    { title: 'the sandbox forbids all that it can', changes: {}, option: '-sandbox', values: ['on,obsolete=deny,resourcecontrol=deny,elevateprivileges=deny,spawn=deny'] },
    { title: 'others log to stderr', changes: {}, option: '-D', values: [] },
    { title: 'other machines have other sleep states', changes: { machine: 'pc-q35-7.2' }, option: '-global', values: [] },
    { title: 'no NIC was asked for', changes: {}, option: '-netdev', values: [] },
    {
      title: 'forwards are QEMU\'s hostfwd rules',
      changes: {
        nics: [
          { mac, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 }, { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 53, guestPort: 53 }] },
          { mac, forwards: [] },
        ],
      },
      option: '-netdev',
      values: ['user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp:0.0.0.0:53-:53', 'user,id=net1'],
    },
    {
      title: 'a tap is opened as it is, without a script',
      changes: { nics: [{ mac, forwards: [] }, { mac, ifname: 'aetabcdefghijkl' }] },
      option: '-netdev',
      values: ['user,id=net0', 'tap,id=net1,ifname=aetabcdefghijkl,script=no,downscript=no,vnet_hdr=off'],
    },
    {
      title: 'commas in paths are doubled',
      changes: { disk: '/a,b=c d/disk' },
      option: '-blockdev',
      values: ['driver=qcow2,node-name=disk0,discard=unmap,detect-zeroes=unmap,file.driver=file,file.filename=/a,,b=c d/disk,file.discard=unmap'],
    },
  ]
  for (const { title, changes, option, values } of cases) {
    t.same(valuesOf(qemuArgv(specIn('/x', changes)), option), values, title)
  }
  t.end()
})

t.test('a NIC moves no other device to another PCI slot', (t) => {
  const bare = valuesOf(qemuArgv(specIn('/x')), '-device')
  const withNic = valuesOf(qemuArgv(specIn('/x', { nics: [{ mac, forwards: [] }] })), '-device')
  t.same(withNic, [...bare, `virtio-net-pci,netdev=net0,id=nic0,mac=${mac},romfile=`])
  const withTap = valuesOf(qemuArgv(specIn('/x', { nics: [{ mac, ifname: 'aetabcdefghijkl' }] })), '-device')
  t.same(withTap, withNic, 'the guest sees the same hardware, whatever is behind it')
  t.end()
})

t.test('QEMU takes every option, whatever the paths hold', async (t) => {
  const folder = join(makeFolder(t), 'a,b=c d,,e\'"%s')
  mkdirSync(folder)
  await makeGuestDisk(folder)
  const port = await freePort()
  const forwards = [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: port, guestPort: 22 }] as const
  const spec = specIn(folder, { name: VmName.parse('web-1'), machine: await newestMachine(QEMU_PROGRAM), vcpus: 2, nics: [{ mac, forwards }] })
  const { process, qmp } = await startQemu(t, [...qemuArgv(spec), '-S'], spec.paths.qmp, join(folder, 'qemu.log'))

  t.match(await qmp.execute('query-status'), { running: false, status: 'prelaunch' })
  t.same(await qmp.execute('query-name'), { name: 'web-1' })
  t.same(await qmp.execute('query-uuid'), { UUID: '4fc619bb-2dcb-5340-8bbb-0f4ae5095a5b' }, 'the same for ever')
  const chardevs = (await qmp.execute('query-chardev')) as { label: string }[]
  t.same(chardevs.map(({ label }) => label).sort(), [AGENT_CHARDEV, 'console', 'qmp', 'shutdown'].sort())
  t.match(await qmp.execute('qom-get', { path: `/machine/peripheral/${AGENT_PORT}`, property: 'name' }), 'org.qemu.guest_agent.0')
  const disks = (await qmp.execute('query-block')) as { inserted: { file: string } }[]
  t.same(disks.map(({ inserted }) => inserted.file), [spec.disk])
  t.match(readFileSync(`/proc/${process.pid}/status`, 'utf8'), /^Seccomp:\t2$/m, 'the filter is in force')
  t.equal(readFileSync(`/proc/${process.pid}/comm`, 'utf8'), 'qemu-adbvzwdf\n')
  t.equal(readFileSync(join(folder, 'qemu.log'), 'utf8'), '', 'without a warning')
})

t.test('a guest reboots, and its power button ends QEMU', async (t) => {
  const folder = makeFolder(t)
  await makeGuestDisk(folder)
  const spec = specIn(folder)
  const { qmp, ended } = await startQemu(t, [...qemuArgv(spec), '-S'], spec.paths.qmp, join(folder, 'qemu.log'))
  const events: string[] = []
  qmp.onEvent(({ event }) => events.push(event))
  const guest = createConnection(spec.paths.console)
  t.teardown(() => guest.destroy())
  await once(guest, 'connect')
  const firstBoot = once(guest, 'data')
  await qmp.execute('cont')
  t.equal(String((await firstBoot)[0]), 'B')

  const secondBoot = once(guest, 'data')
  guest.write('r')
  t.equal(String((await secondBoot)[0]), 'B')
  t.ok(events.includes('RESET'))

  await qmp.execute('system_powerdown')
  t.equal(await ended, 0)
  await qmp.closed
  t.ok(events.includes('SHUTDOWN'))
  t.equal(readFileSync(spec.paths.consoleLog, 'utf8'), 'BB')
})

t.test('a guest that powers itself off ends QEMU, and the console log is appended to', async (t) => {
  const folder = makeFolder(t)
  await makeGuestDisk(folder)
  const spec = specIn(folder)
  for (const expected of ['B', 'BB']) {
    const { ended } = await startQemu(t, qemuArgv(spec), spec.paths.qmp, join(folder, 'qemu.log'))
    const guest = createConnection(spec.paths.console)
    guest.on('error', () => {})
    t.teardown(() => guest.destroy())
    // Bytes that come before the firmware is done are dropped, so the key is pressed until it is heard.
    const pressing = new AbortController()
    const pressed = pressKey(guest, pressing.signal)
    t.equal(await ended, 0)
    pressing.abort()
    await pressed
    t.equal(readFileSync(spec.paths.consoleLog, 'utf8'), expected)
  }
})

async function pressKey(guest: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    guest.write('q')
    await delay(100, undefined, { signal }).catch(() => {})
  }
}
