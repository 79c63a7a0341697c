/** Whether a VM starts with the host, changed afterwards. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import { UNITS, type Scene } from './scene.ts'

export function isFollowed(t: Test, { alice, make, read, pidOf }: Scene): void {
  const vm = make()
  // As it lies on the disk: of a unit that is loaded, systemd shows what it has read last.
  const stateOf = (): string => alice.sh(`systemctl --user is-enabled ${unitOf(vm)} || true`)
  const set = (autostart: boolean) => alice.call('vm.set', { vm: vm.id, autostart })
  const text = read(vm)
  const pid = pidOf(vm)
  t.equal(stateOf(), 'disabled')
  t.match(set(true), { autostart: true, state: 'running', unit: { state: 'generated', enabled: true }, problem: undefined })
  t.equal(stateOf(), 'enabled')
  t.match(set(false), { autostart: false, unit: { state: 'generated', enabled: false } })
  t.equal(stateOf(), 'disabled')
  t.equal(read(vm), text)
  t.equal(pidOf(vm), pid, 'its QEMU runs on')

  set(true)
  alice.sh(`systemctl --user disable ${unitOf(vm)} 2>&1`)
  t.match(set(true), { unit: { enabled: true }, problem: undefined }, 'a unit that was disabled by hand is mended')
  alice.sh(`rm ${UNITS}/${unitOf(vm)}`)
  t.match(set(false), { autostart: false, unit: { state: 'missing', enabled: false } }, 'one without a file is not looked for at a boot any more')
  t.match(set(true), { autostart: true, unit: { state: 'generated', enabled: true } }, 'and is written when it is to start')
  t.equal(read(vm), text)

  set(false)
  alice.sh(`rm ${UNITS}/${unitOf(vm)}; ln -s /dev/null ${UNITS}/${unitOf(vm)}`)
  t.match(alice.refusal('vm.set', { vm: vm.id, autostart: true }), { name: 'SERVICE_MANAGER_FAILED', message: /masked/ })
  t.match(alice.call('vm.get', { vm: vm.id }), { autostart: false, operation: undefined, unit: { enabled: false } }, 'what the host refuses is not in the record either')
  alice.sh(`rm ${UNITS}/${unitOf(vm)}`)
  alice.call('vm.delete', { vm: vm.id })

  const fresh = make({ start: false })
  t.match(fresh.unit, { state: 'missing' })
  t.match(alice.call('vm.set', { vm: fresh.id, autostart: true }), { state: 'stopped', unit: { state: 'generated', enabled: true } }, 'one that never ran gets its unit')
  t.equal(read(fresh), alice.call('vm.plan', { vm: fresh.id }).unit?.trimEnd())
  alice.call('vm.delete', { vm: fresh.id })
}

/** A daemon that is killed between record and unit, either way. */
export async function isFinished(t: Test, { alice, make }: Scene): Promise<void> {
  for (const autostart of [true, false]) {
    const vm = make({ autostart: !autostart, start: false })
    if (autostart) alice.call('vm.start', { vm: vm.id })
    const record = `.config/aetherscale/vm/${vm.id}/vm.json`
    alice.sh(`
      systemctl --user stop aetherscaled
      sed -i 's/"autostart": .*,/"autostart": ${autostart}, "pending": { "operation": "set" },/' ${record}
      systemctl --user start aetherscaled
      until aetherscale info >/dev/null 2>&1; do sleep 0.1; done`)
    const after = await alice.vmOnce(vm.id, ({ unit, operation }) => operation === undefined && unit?.enabled === autostart)
    t.match(after, { autostart, problem: undefined })
    t.notMatch(alice.sh(`cat ${record}`), /pending/)
    alice.call('vm.delete', { vm: vm.id })
  }
}
