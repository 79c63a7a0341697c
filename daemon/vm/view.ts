/** PURE: a VM as callers see it. */
import type { Vm, VmState } from '../../policy/api/vm.ts'
import type { VmRecord } from './record.ts'
import type { Operation } from './state.ts'
import type { Live } from './live.ts'

export function viewVm(
  record: VmRecord,
  state: VmState,
  operation: Operation | undefined,
  live: Live | undefined,
  disk: string,
): Vm {
  const vm: Vm = {
    id: record.id,
    name: record.name,
    state,
    image: record.image,
    vcpus: record.vcpus,
    memoryMiB: record.memoryMiB,
    diskMiB: record.diskMiB,
    autostart: record.autostart,
    machine: record.machine,
    createdAt: record.createdAt,
    networks: record.networks,
    addresses: live ? [...live.addresses] : [],
    agent: live?.agent ?? 'absent',
  }
  if (live) {
    vm.pid = live.pid
    vm.startedAt = live.startedAt.toISOString()
    vm.accelerator = live.accelerator
    vm.addressesAt = live.addressesAt?.toISOString()
  }
  if (operation) vm.operation = operation
  if (state === 'broken') vm.problem = `Its disk ${disk} is not there; put it back, or delete the VM`
  return vm
}
