/** Units, disks and VMs that are taken away. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import { UNITS, type Scene } from './scene.ts'

export function isWrittenAnew(t: Test, { alice, make, read }: Scene): void {
  const vm = make({ start: false, autostart: true })
  const text = read(vm)
  alice.sh(`systemctl --user start ${unitOf(vm)}`)
  t.match(alice.call('vm.wait', { vm: vm.id, for: 'running', timeoutSeconds: 180 }), { state: 'running' }, 'as a boot would start it, with no help of the daemon')
  alice.call('vm.stop', { vm: vm.id, force: true })
  const remove = (): string => alice.sh(`rm ${UNITS}/${unitOf(vm)}`)
  remove()
  t.match(alice.call('vm.get', { vm: vm.id }), { state: 'stopped', unit: { state: 'missing' }, problem: /its unit .* is not there.*vm\.start writes it anew/i })
  t.match(alice.call('vm.start', { vm: vm.id }), { vm: { state: 'running', unit: { state: 'generated' }, problem: undefined } })
  t.equal(read(vm), text)
  t.equal(alice.show(unitOf(vm), 'UnitFileState')['UnitFileState'], 'enabled')

  alice.sh(`systemctl --user disable ${unitOf(vm)} 2>&1`)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { enabled: false }, problem: /is disabled.*systemctl --user enable/ })
  alice.sh(`systemctl --user enable ${unitOf(vm)} 2>&1`)
  t.match(alice.call('vm.get', { vm: vm.id }), { unit: { enabled: true }, problem: undefined })

  remove()
  t.match(alice.call('vm.get', { vm: vm.id }), { state: 'running', unit: { state: 'missing' }, problem: /not there/ })
  t.match(alice.call('vm.stop', { vm: vm.id, force: true }), { endedBy: 'sigterm' }, 'one that runs is stopped all the same')
  t.match(alice.call('vm.start', { vm: vm.id }), { vm: { state: 'running', unit: { state: 'generated' } } })
  t.equal(read(vm), text)

  remove()
  alice.call('vm.delete', { vm: vm.id })
}

export async function isBroken(t: Test, { alice, make }: Scene): Promise<void> {
  const vm = make()
  alice.call('vm.stop', { vm: vm.id, force: true })
  const disk = `.local/share/aetherscale/disks/${vm.id}.qcow2`
  alice.sh(`mv ${disk} elsewhere`)
  t.match(alice.call('vm.get', { vm: vm.id }), { state: 'broken', problem: new RegExp(`${vm.id}\\.qcow2 is not there`) })
  t.match(alice.refusal('vm.start', { vm: vm.id }), { name: 'VM_DISK_MISSING' })
  alice.sh(`mv elsewhere ${disk}`)
  await alice.vmOnce(vm.id, ({ state, problem }) => state === 'stopped' && problem === undefined)
  t.match(alice.call('vm.start', { vm: vm.id }), { vm: { state: 'running' } })
  alice.call('vm.delete', { vm: vm.id })
}

/** Every file and unit that bears a VM's id, and its links. */
function traces({ alice, host }: Scene, id: string): string[] {
  const files = host.sh(`find /home/alice /run/user/${alice.uid} /run/aetherscale* -name '*${id}*' 2>/dev/null || true`)
  const units = alice.sh(`systemctl --user list-units --all --plain --no-legend '*${id}*' | cut -d' ' -f1`)
  return [files, units].flatMap((text) => text.split('\n').filter(Boolean)).concat(alice.links().flatMap(({ what }) => (what.includes(id) ? [what] : [])))
}

export function leavesNothing(t: Test, scene: Scene): void {
  const { alice, make, dropIn, crash } = scene
  const vm = make({ autostart: true, restart: 'no', networks: [{ kind: 'network', name: 'lan' }] })
  dropIn(vm, 'TasksMax=97')
  const found = traces(scene, vm.id)
  for (const what of [/user\/aetherscale-vm-\w+\.service$/, /aetherscale-taps-/, /service\.d$/, /default\.target\.wants/, /qcow2$/, /^\/run/, /state/, /^tap:/, /^aetherscale-vm-/]) {
    t.ok(found.some((each) => what.test(each)), `${String(what)} is there at first, in ${found.join(' ')}`)
  }
  // one that systemd holds for failed is no less gone
  crash(vm)
  alice.call('vm.wait', { vm: vm.id, for: 'stopped' })
  alice.call('vm.delete', { vm: vm.id })
  t.same(traces(scene, vm.id), [])
}
