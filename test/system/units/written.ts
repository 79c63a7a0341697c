/** What the daemon writes of a VM, and what it asks of systemd for it. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import { UNITS, type Scene } from './scene.ts'

const LIMITS = ['CPUQuotaPerSecUSec', 'MemoryMax', 'TasksMax', 'Restart', 'UnitFileState']

export function isAsPlanned(t: Test, { alice, make, read, pidOf }: Scene): void {
  const vm = make({ cpuPercent: 50, restart: 'no', vcpus: 2 })
  t.equal(read(vm), alice.call('vm.plan', { vm: vm.id }).unit?.trimEnd())
  t.match(vm.unit, { path: `/home/alice/${UNITS}/${unitOf(vm)}`, state: 'generated', isolated: true })
  t.same(alice.show(unitOf(vm), ...LIMITS), {
    CPUQuotaPerSecUSec: '500ms',
    // the guest's 32 MiB and a tenth, and 512
    MemoryMax: String(548 * 2 ** 20),
    TasksMax: '130',
    Restart: 'no',
    UnitFileState: 'disabled',
  })
  const other = make({ autostart: true, start: false })
  t.match(alice.show(unitOf(other), 'ActiveState', ...LIMITS), {
    ActiveState: 'inactive',
    CPUQuotaPerSecUSec: '1s',
    Restart: 'on-failure',
    UnitFileState: 'enabled',
  })
  t.equal(read(other), alice.call('vm.plan', { vm: other.id }).unit?.trimEnd())
  t.equal(pidOf(other), '')
  for (const { id } of [vm, other]) alice.call('vm.delete', { vm: id })
}

export function isReloadedWhereNeeded(t: Test, { host, alice, make, crash, dropIn }: Scene): void {
  const reloads = (): number => Number(host.sh(`journalctl --sync; journalctl -q -o cat _SYSTEMD_UNIT=user@${alice.uid}.service _COMM=systemd | grep -c '^Reloading' || true`))
  const before = reloads()
  t.ok(before > 0, 'reloads can be told: setup has made one')
  const vm = make({ autostart: true, restart: 'no' })
  alice.call('vm.stop', { vm: vm.id, force: true })
  alice.call('vm.start', { vm: vm.id })
  t.equal(reloads(), before, 'systemd learns of a new unit without')
  // what has failed stays known to systemd, as it was read
  crash(vm)
  alice.call('vm.wait', { vm: vm.id, for: 'stopped' })
  dropIn(vm, 'TasksMax=77')
  alice.call('vm.start', { vm: vm.id })
  t.equal(alice.show(unitOf(vm), 'TasksMax')['TasksMax'], '77')
  t.equal(reloads(), before + 1, 'and of what was changed since by one')
  alice.call('vm.delete', { vm: vm.id })
}

/** What the daemon runs by the name systemctl leaves a line. */
export function isShownWithoutSystemctl(t: Test, { host, alice, make }: Scene): void {
  const calls = (): string => host.sh('cat /tmp/calls 2>/dev/null || true')
  host.sh(`
    printf '#!/bin/sh\\necho "$@" >>/tmp/calls\\nexec /usr/bin/systemctl "$@"\\n' >/usr/local/bin/systemctl
    chmod 755 /usr/local/bin/systemctl; touch /tmp/calls; chmod 666 /tmp/calls`)
  const vm = make()
  t.match(calls(), new RegExp(`start ${unitOf(vm)}`), 'starting one does, so it can be told')
  host.sh(': >/tmp/calls')
  t.ok(alice.call('vm.list', {}).vms.length >= 2)
  alice.call('vm.get', { vm: vm.id })
  t.equal(calls(), '')
  host.sh('rm /usr/local/bin/systemctl')
  alice.call('vm.delete', { vm: vm.id })
}
