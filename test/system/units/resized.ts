/** A VM that is resized while its unit is there: whoever starts it next starts it so. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import type { Scene } from './scene.ts'

const memoryMax = (memoryMiB: number): string => String((Math.ceil(memoryMiB * 1.1) + 512) * 2 ** 20)

export async function startsWithNewSizes(t: Test, { host, alice, make, read, pidOf, crash }: Scene): Promise<void> {
  const vm = make({ autostart: true, memoryMiB: 64, vcpus: 2 })
  const limit = (): string | undefined => alice.show(unitOf(vm), 'MemoryMax')['MemoryMax']
  const smaller = alice.call('vm.resize', { vm: vm.id, memoryMiB: 32, vcpus: 1, diskMiB: 16 })
  t.match(smaller.vm, { vcpus: 2, memoryMiB: 64, diskMiB: 16, atNextStart: { vcpus: 1, memoryMiB: 32 } })
  t.match(read(vm), /cpus=1 [^]*size=32M/, 'the unit has the new sizes')
  t.equal(limit(), memoryMax(64), 'and the QEMU that runs keeps what it needs')
  const larger = alice.call('vm.resize', { vm: vm.id, memoryMiB: 128 })
  t.match(larger.vm.atNextStart, { vcpus: 1, memoryMiB: 128 })

  const pid = pidOf(vm)
  crash(vm)
  host.sh(`for i in $(seq 1200); do now=$(pgrep -x qemu-${vm.id}) && [ "$now" != ${pid} ] && exit 0; sleep 0.1; done; exit 1`)
  t.match(host.sh(`tr '\\0' ' ' </proc/${pidOf(vm)}/cmdline`), /cpus=1 .*size=128M/, 'systemd brings back what the unit says')
  const ours = await alice.vmOnce(vm.id, ({ pid: now }) => now === Number(pidOf(vm)))
  t.match(ours, { vcpus: 1, memoryMiB: 128 })
  alice.call('vm.resize', { vm: vm.id, memoryMiB: 48 })
  alice.call('vm.restart', { vm: vm.id, force: true })
  t.equal(limit(), memoryMax(48), "a start by the daemon gives the unit its own limits")
  t.equal(read(vm), alice.call('vm.plan', { vm: vm.id }).unit?.trimEnd())
  alice.call('vm.delete', { vm: vm.id })
}
