import t from 'tap'
import type { Vm } from '../../../../policy/api/vm.ts'
import { leaveGone } from '../../../../tui/app/screens/leave-gone.ts'
import type { State } from '../../../../tui/app/model/state.ts'
import type { VmView } from '../../../../tui/app/model/views.ts'
import { withoutVm, withPlan, withStats, withVms, type World } from '../../../../tui/app/model/world.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVm, SOME_TIME } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { matchPicture, matchPictures } from '../picture.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

const web = makeVm(1, {
  name: 'web' as never,
  cpuPercent: 150,
  atNextStart: { vcpus: 4, memoryMiB: 2048 },
  networks: [
    { kind: 'vpn', mac: '52:54:00:aa:00:01', name: 'blue', addresses: [], address: 'fd5e:a1ce:0:1:5054:ff:feaa:1', confirmed: true },
    { kind: 'network', mac: '52:54:00:aa:00:02', name: 'lan', addresses: [], address: 'fd5e:a1ce:0:2:5054:ff:feaa:2', confirmed: false },
    { kind: 'user', mac: '52:54:00:aa:00:03', forwards: ['8080:80', 'udp:0.0.0.0:5353:53'] },
  ] as never,
  addresses: [
    { address: 'fe80::5054:ff:feaa:1', prefixLength: 64, mac: '52:54:00:AA:00:01', interface: 'eth0' },
    { address: 'fd5e:a1ce:0:1:5054:ff:feaa:1', prefixLength: 64, mac: '52:54:00:AA:00:01', interface: 'eth0' },
    { address: '10.0.2.15', prefixLength: 24, mac: '52:54:00:aa:00:03', interface: 'eth2' },
    { address: '172.17.0.1', prefixLength: 16, interface: 'docker0' },
  ] as never,
  unit: { path: '/u', state: 'edited', enabled: true, isolated: true },
})

const stateOf = (vm: Vm, more: Partial<World> = {}, view: Partial<VmView> = {}): State =>
  makeState({ world: { ...withVms(makeWorld(), [vm]), ...more }, stack: [firstView, { screen: 'vm', vm: vm.id, tab: 'facts', scroll: { top: 0 }, ...view }] })

/** Three minutes of looks, the CPU in waves. */
const measured = (vm: Vm): World['usage'] => {
  let world = withVms(makeWorld(), [vm])
  for (let ago = 180; ago >= 0; ago -= 2) {
    world = withStats(world, SOME_TIME - ago * 1000, [{ vm: vm.id, cpuSeconds: 1, cpuPercent: 60 + 55 * Math.sin(ago / 20), memoryBytes: 700e6 - ago * 2e6 }])
  }
  return world.usage
}

t.test('one that runs', async (t) => {
  await matchPictures(t, 'vm', stateOf(web, { usage: measured(web) }))
})

t.test('with everything that can be wrong or under way', async (t) => {
  const vm = { ...web, problem: 'The file system of its disk, /var/lib/aetherscale, is full: QEMU holds the guest. Make room, then resume it.', state: 'paused' as const, operation: 'export', firstBoot: { via: 'nocloud' as const, state: 'failed' as const, exitCode: 3 } }
  const operations = [{ id: 1, method: 'vm.snapshot.create' as const, label: 'snapshot web', subject: vm.id, startedAt: SOME_TIME, message: 'the disk is copied', fraction: 0.375 }]
  await matchPictures(t, 'vm-troubled', stateOf(vm, { usage: measured(vm), operations }))
})

t.test('one that is stopped', async (t) => {
  await matchPictures(t, 'vm-stopped', stateOf(makeVm(2, { networks: [] })))
})

t.test('small, scrolled to its end, and in ASCII', async (t) => {
  const state: State = { ...stateOf(web, { usage: measured(web) }, { scroll: { top: 1000 } }), size: { columns: 60, rows: 15 } }
  matchPicture(t, 'vm-60x15', `${await drawFrame(state, { env: { LANG: 'C' } })}\n`)
})

const plan = {
  commands: [{ purpose: 'run the guest', argv: ['qemu-system-x86_64', '-name', 'guest=web,process=aetherscale-web', '-machine', 'pc-q35-7.2,accel=kvm', '-smp', '2', '-m', '1024', '-append', 'console=ttyS0 root=/dev/vda', '-drive', `file=/var/lib/aetherscale/${'very-long-folder-name/'.repeat(6)}disk.qcow2,if=virtio`] }],
  files: ['/run/user/1000/aetherscale/vm/baaaaaaa/qmp.sock'],
  networks: ["user: QEMU's own NAT for 52:54:00:aa:00:03; nothing changes on the host, forward 8080:80"],
  unit: '[Unit]\nDescription=aetherscale VM web\n\n[Service]\nExecStart=/usr/bin/qemu-system-x86_64\n',
}

t.test('what would be run', async (t) => {
  const state = stateOf(web, {}, { tab: 'plan' })
  await matchPictures(t, 'vm-plan', { ...state, world: withPlan(state.world, web.id, { items: plan }) })
  t.match(await drawFrame(state), 'The daemon is asked what it would run')
  t.match(await drawFrame({ ...state, world: withPlan(state.world, web.id, { error: 'there is no QEMU' }) }), 'there is no QEMU')
})

t.test('read aloud it has the values of the graphs, not their blocks', async (t) => {
  const frame = await drawFrame({ ...stateOf(web, { usage: measured(web) }), size: { columns: 80, rows: 60 } }, { screenReader: true })
  t.match(frame, /CPU 60\.0% of 2 CPUs/)
  t.notMatch(frame, /[▁-█]/)
})

t.test('it is scrolled no further than there is text', (t) => {
  const context = holdState(stateOf(web, { usage: measured(web) }))
  const topAfter = (key: string): number => (press(context, key).stack.at(-1) as VmView).scroll.top
  t.equal(topAfter('k'), 0)
  const last = topAfter('G')
  t.ok(last > 0)
  t.equal(topAfter('pagedown'), last)
  t.equal(topAfter('k'), last - 1)
  t.end()
})

t.test('a VM that is deleted while it is shown is left, and that is said', (t) => {
  const before = stateOf(web)
  const now = leaveGone(before, { ...before, world: withoutVm(before.world, web.id) })
  t.same(now.stack, [firstView])
  t.equal(now.notice?.text, 'web was deleted')
  t.equal(leaveGone(before, before), before)
  t.end()
})
