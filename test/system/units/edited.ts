/** Units that somebody has changed by hand. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import { UNITS, type Scene } from './scene.ts'

export function isKept(t: Test, { alice, make, read }: Scene): void {
  const vm = make()
  alice.call('vm.stop', { vm: vm.id, force: true })
  alice.sh(`sed -i 's/^TasksMax=.*/TasksMax=99/; s/^Description=.*/Description=mine/' ${UNITS}/${unitOf(vm)}`)
  const mine = read(vm)
  t.match(mine, /^TasksMax=99$/m)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { state: 'edited', isolated: true }, problem: undefined })
  for (let times = 0; times < 2; times++) {
    alice.call('vm.start', { vm: vm.id })
    t.same(alice.show(unitOf(vm), 'TasksMax', 'Description'), { TasksMax: '99', Description: 'mine' })
    t.equal(read(vm), mine)
    alice.call('vm.stop', { vm: vm.id, force: true })
  }
  alice.sh('systemctl --user restart aetherscaled; until aetherscale info >/dev/null 2>&1; do sleep 0.1; done')
  t.equal(read(vm), mine, 'nor does the next daemon write over it')
  t.match(alice.call('vm.list', {}).vms.find(({ id }) => id === vm.id)?.unit, { state: 'edited' })
  alice.call('vm.delete', { vm: vm.id })
}

export function isAddedTo(t: Test, { alice, make, dropIn, read }: Scene): void {
  const vm = make()
  const text = read(vm)
  dropIn(vm, 'TasksMax=98')
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { state: 'edited' }, problem: undefined })
  alice.call('vm.restart', { vm: vm.id, force: true })
  t.equal(alice.show(unitOf(vm), 'TasksMax')['TasksMax'], '98')
  t.equal(read(vm), text)
  alice.call('vm.delete', { vm: vm.id })
}

export function isTold(t: Test, { alice, make, read, pidOf }: Scene): void {
  const vm = make({ start: false, autostart: true })
  const path = `${UNITS}/${unitOf(vm)}`
  const good = read(vm)
  alice.sh(`cp ${path} good; sed -i '/^ExecStart=/,/[^\\\\]$/d' ${path}`)
  const bad = read(vm)
  t.notMatch(bad, /^ExecStart=/m)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { state: 'edited' }, problem: /systemd cannot use .*bad unit file setting/ })
  t.match(alice.refusal('vm.start', { vm: vm.id }), { name: 'VM_UNIT_INVALID', message: /bad unit file setting/ })
  t.equal(read(vm), bad)
  t.equal(pidOf(vm), '')
  alice.sh(`cp good ${path}`)
  t.equal(read(vm), good)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { state: 'generated' }, problem: undefined })
  t.match(alice.call('vm.start', { vm: vm.id }), { vm: { state: 'running' } })
  alice.call('vm.delete', { vm: vm.id })
}

export async function isLeftAlone(t: Test, { host, alice, make, dropIn, read, pidOf }: Scene): Promise<void> {
  const vm = make({ start: false, autostart: true })
  const path = `${UNITS}/${unitOf(vm)}`
  alice.sh(`chmod 000 ${path}; systemctl --user daemon-reload`)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { state: 'edited' }, problem: /systemd cannot use/ }, 'one that cannot be read is somebody\'s')
  t.match(alice.refusal('vm.start', { vm: vm.id }), { name: 'VM_UNIT_INVALID' })
  alice.sh(`chmod 600 ${path}; systemctl --user daemon-reload`)
  t.match(read(vm), /ExecStart/)

  dropIn(vm, 'Slice=vms.slice')
  alice.sh(`systemctl --user daemon-reload; systemctl --user start ${unitOf(vm)}`)
  // systemd is content when something runs, which takes its name a little later
  const pid = await host.until(`pgrep -x qemu-${vm.id} || true`, (text) => text !== '')
  t.match(alice.refusal('vm.start', { vm: vm.id }), { name: 'VM_UNIT_INVALID', message: /Slice= is vms\.slice/ })
  t.equal(pidOf(vm), pid, 'what was started elsewhere runs on')
  alice.sh(`systemctl --user stop --no-block ${unitOf(vm)}; systemctl --user kill --signal=KILL ${unitOf(vm)}; rm -r ${path}.d; systemctl --user daemon-reload`)
  alice.call('vm.delete', { vm: vm.id })
}
