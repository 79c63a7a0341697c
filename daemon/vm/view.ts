/** PURE: a VM as callers see it. */
import { basename } from 'node:path'
import type { GuestAddress, Vm } from '../../policy/api/vm.ts'
import type { Prefix64 } from '../../policy/names.ts'
import { deriveInit } from '../firstboot/progress.ts'
import { explainHeld } from '../disk/full.ts'
import { slaacAddress } from '../vpn/prefix.ts'
import type { VmRecord } from './record.ts'
import type { Entry } from './table.ts'

/** `prefixOf` tells the prefix of a private network or VPN, where it has one. */
export function viewVm(entry: Entry, prefixOf: (network: string) => Prefix64 | undefined): Vm {
  const { record, state, operation, live, file } = entry
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
    networks: record.networks.map((nic) => viewNic(nic, live?.addresses ?? [], prefixOf)),
    addresses: live ? [...live.addresses] : [],
    agent: live?.agent ?? 'absent',
  }
  if (live) {
    vm.pid = live.pid
    vm.startedAt = live.startedAt.toISOString()
    vm.accelerator = live.accelerator
    vm.addressesAt = live.addressesAt?.toISOString()
  }
  const firstBoot = viewFirstBoot(entry)
  if (firstBoot) vm.firstBoot = firstBoot
  if (vm.vcpus !== record.vcpus || vm.memoryMiB !== record.memoryMiB) {
    vm.atNextStart = { vcpus: record.vcpus, memoryMiB: record.memoryMiB }
  }
  if (operation) vm.operation = operation
  if (file) vm.unit = file
  const problem = problemOf(entry)
  if (problem !== undefined) vm.problem = problem
  return vm
}

/** Absent where it was told nothing. */
export function viewFirstBoot({ record, init, live }: Entry): Vm['firstBoot'] {
  return record.firstBoot && { via: record.firstBoot.via, ...(init && deriveInit(init, live)) }
}

function viewNic(nic: VmRecord['networks'][number], told: readonly GuestAddress[], prefixOf: (network: string) => Prefix64 | undefined): Vm['networks'][number] {
  if (!('name' in nic)) return nic
  const prefix = prefixOf(nic.name)
  if (prefix === undefined) return { ...nic, confirmed: false }
  const address = slaacAddress(prefix, nic.mac)
  return { ...nic, address, confirmed: told.some((one) => one.address === address) }
}

function problemOf(entry: Entry): string | undefined {
  const { state, record, paths, file, live } = entry
  if (live?.heldByDisk) return explainHeld(entry, live.heldByDisk)
  if (live?.unplugged?.length) return `Of its interfaces, ${live.unplugged.join(', ')} is cut off: somebody removed the tap that its QEMU holds; vm.stop and vm.start mend it`
  if (state === 'broken') return `Its disk ${paths.disk} is not there; put it back, or delete the VM`
  if (!file || !record.autostart || record.phase !== 'ready' || record.pending?.operation === 'set') return undefined
  if (file.state === 'missing') return `Its unit ${file.path} is not there, so it will not start with the host; vm.start writes it anew`
  if (file.enabled) return undefined
  return `Its unit is disabled, so it will not start with the host; as the daemon's user, systemctl --user enable ${basename(file.path)} mends it`
}
