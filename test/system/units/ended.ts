/** QEMUs that end, and begin, by other hands than the daemon's. */
import type { Test } from 'tap'
import type { Event } from '../../../policy/api/events.ts'
import { unitOf, type Tenant } from '../tenant.ts'
import type { Scene } from './scene.ts'

/** Has somebody listen to what the daemon tells; the answer tells what came for a VM so far. */
function listen(alice: Tenant): (vm: string) => Event[] {
  alice.sh('systemd-run --quiet --user --collect --unit=listener --property=StandardOutput=truncate:/tmp/events aetherscale --json events')
  return (vm) => alice.sh('cat /tmp/events').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Event).filter((event) => 'vm' in event && event.vm === vm)
}

export async function comesBack(t: Test, { alice, make, crash, pidOf }: Scene): Promise<void> {
  const heard = listen(alice)
  // it listens once it was told of a VM
  for (let id = ''; heard(id).length === 0; alice.call('vm.delete', { vm: id })) ({ id } = make({ start: false }))
  const vm = make()
  crash(vm)
  const back = await alice.vmOnce(vm.id, ({ state, pid }) => state === 'running' && pid !== vm.pid)
  t.equal(String(back.pid), pidOf(vm))
  const states = heard(vm.id).flatMap((event) => (event.kind === 'vm.state' ? [event.to] : []))
  t.same(states.slice(-2), ['stopped', 'running'])
  t.equal(alice.show(unitOf(vm), 'NRestarts')['NRestarts'], '1')
  t.match(alice.call('vm.stop', { vm: vm.id, force: true }), { endedBy: 'sigterm' }, 'and it is the daemon\'s again')
  t.match(alice.call('vm.log', { vm: vm.id, source: 'qemu' }).text, /terminating on signal 15/, 'which is how a SIGTERM shows')
  alice.call('vm.delete', { vm: vm.id })
  alice.sh('systemctl --user stop listener')
}

export function staysDown(t: Test, { alice, make, crash }: Scene): void {
  const vm = make({ restart: 'no' })
  crash(vm)
  t.match(alice.call('vm.wait', { vm: vm.id, for: 'stopped' }), { state: 'stopped' })
  t.match(alice.show(unitOf(vm), 'ActiveState', 'NRestarts'), { ActiveState: 'failed', NRestarts: '0' })
  t.match(alice.call('vm.start', { vm: vm.id }), { vm: { state: 'running' } }, 'until it is started')
  alice.call('vm.delete', { vm: vm.id })
}

export async function isStoppedForGood(t: Test, { alice, make, dropIn, crash }: Scene): Promise<void> {
  const vm = make({ start: false })
  dropIn(vm, 'RestartSec=120')
  alice.call('vm.start', { vm: vm.id })
  crash(vm)
  await alice.vmOnce(vm.id, ({ state }) => state === 'stopped')
  t.equal(alice.show(unitOf(vm), 'SubState')['SubState'], 'auto-restart')
  t.match(alice.call('vm.stop', { vm: vm.id }), { endedBy: 'already-stopped', vm: { state: 'stopped' } })
  t.not(alice.show(unitOf(vm), 'SubState')['SubState'], 'auto-restart')
  alice.call('vm.delete', { vm: vm.id })
}

export async function outliveTheDaemon(t: Test, { host, alice, make, guest, pidOf }: Scene): Promise<void> {
  const vms = [make(), guest]
  const before = vms.map(pidOf)
  const daemon = alice.show('aetherscaled', 'MainPID')['MainPID']
  host.sh(`kill -KILL ${daemon}`)
  alice.sh('until aetherscale info >/dev/null 2>&1; do sleep 0.1; done')
  t.not(alice.show('aetherscaled', 'MainPID')['MainPID'], daemon)
  for (const [index, { id }] of vms.entries()) {
    const { pid } = await alice.vmOnce(id, ({ state }) => state === 'running')
    t.equal(String(pid), before[index])
  }
  alice.call('vm.delete', { vm: vms[0]!.id })
}

export async function isAskedFirst(t: Test, { alice, guest }: Scene): Promise<void> {
  alice.call('vm.wait', { vm: guest.id, for: 'agent', timeoutSeconds: 240 })
  alice.sh(`: >.local/state/aetherscale/vm/${guest.id}/console.log; systemctl --user stop ${unitOf(guest)}`)
  alice.call('vm.wait', { vm: guest.id, for: 'stopped', timeoutSeconds: 240 })
  t.match(alice.call('vm.log', { vm: guest.id }).text, /reboot: Power down/)
  t.notMatch(alice.call('vm.log', { vm: guest.id, source: 'qemu' }).text, /terminating on signal/)

  alice.sh(`systemctl --user start ${unitOf(guest)}`)
  const { pid } = await alice.vmOnce(guest.id, ({ state }) => state === 'running')
  t.not(pid, guest.pid)
  t.match(alice.call('vm.wait', { vm: guest.id, for: 'agent', timeoutSeconds: 240 }), { pid }, 'what somebody starts by systemctl is taken over')
}

export async function staysOff(t: Test, { alice, guest }: Scene): Promise<void> {
  alice.call('vm.wait', { vm: guest.id, for: 'agent', timeoutSeconds: 240 })
  alice.type(guest.id, 'poweroff', `aetherscale vm wait ${guest.id} --for stopped --timeout 3`)
  await alice.vmOnce(guest.id, ({ state }) => state === 'stopped')
  // The VM has stopped with its QEMU; what its unit runs after that is systemd's.
  alice.sh(`while [ "$(systemctl --user show --property ActiveState --value ${unitOf(guest)})" = deactivating ]; do sleep 0.1; done`)
  t.match(alice.show(unitOf(guest), 'ActiveState', 'Result', 'NRestarts'), { ActiveState: 'inactive', Result: 'success', NRestarts: '0' })
}
