/** PURE: a VM as callers see it. */
import { basename } from 'node:path'
import type { Vm } from '../../policy/api/vm.ts'
import { deriveInit } from '../firstboot/progress.ts'
import { explainHeld } from '../disk/full.ts'
import type { Entry } from './table.ts'

export function viewVm(entry: Entry): Vm {
  const { record, state, operation, live, file, init } = entry
  const vm: Vm = {
    id: record.id,
    name: record.name,
    state,
    image: record.image,
    vcpus: live?.vcpus ?? record.vcpus,
    memoryMiB: live?.memoryMiB ?? record.memoryMiB,
    diskMiB: record.diskMiB,
    autostart: record.autostart,
    restart: record.restart,
    cpuPercent: record.cpuPercent,
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
  if (record.firstBoot) vm.firstBoot = { via: record.firstBoot.via, ...(init && deriveInit(init, live)) }
  if (vm.vcpus !== record.vcpus || vm.memoryMiB !== record.memoryMiB) {
    vm.atNextStart = { vcpus: record.vcpus, memoryMiB: record.memoryMiB }
  }
  if (operation) vm.operation = operation
  if (file) vm.unit = file
  const problem = problemOf(entry)
  if (problem !== undefined) vm.problem = problem
  return vm
}

function problemOf(entry: Entry): string | undefined {
  const { state, record, paths, file, live } = entry
  if (live?.heldByDisk) return explainHeld(entry, live.heldByDisk)
  if (state === 'broken') return `Its disk ${paths.disk} is not there; put it back, or delete the VM`
  if (!file || !record.autostart || record.phase !== 'ready') return undefined
  if (file.state === 'missing') return `Its unit ${file.path} is not there, so it will not start with the host; vm.start writes it anew`
  if (file.enabled) return undefined
  return `Its unit is disabled, so it will not start with the host; as the daemon's user, systemctl --user enable ${basename(file.path)} mends it`
}
