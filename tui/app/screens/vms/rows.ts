/** PURE: which VMs are shown, and in which order. */
import type { Vm } from '../../../../policy/api/vm.ts'
import { filterRows } from '../../model/filter.ts'
import type { VmColumn, VmsView } from '../../model/views.ts'
import { latestUsage, type World } from '../../model/world.ts'

/** Rows of the view; the same array as long as nothing that it depends on has changed. */
export type VmRows = (view: VmsView, world: World) => readonly Vm[]

export function createVmRows(): VmRows {
  let last: { vms: World['vms']; usage: World['usage']; filter: string; sort: VmsView['sort']; rows: readonly Vm[] } | undefined
  return ({ list: { filter }, sort }, { vms, usage }) => {
    const isSame = last?.vms === vms && last?.filter === filter && last.sort === sort && (!isMeasured(sort.by) || last.usage === usage)
    if (last && isSame) return last.rows
    const rows = sortVms(filterRows([...(vms?.values() ?? [])], filter, shownOf), sort, usage)
    last = { vms, usage, filter, sort, rows }
    return rows
  }
}

/** Whether the order follows from what VMs use, so that all of them have to be measured for it. */
export const isMeasured = (by: VmColumn): boolean => by === 'cpu' || by === 'memory'

function shownOf(vm: Vm): string[] {
  return [vm.id, vm.name ?? '', vm.state, vm.image, ...addressesOf(vm)]
}

/** Of equal ones the older first. */
function sortVms(vms: readonly Vm[], { by, descending }: VmsView['sort'], usage: World['usage']): readonly Vm[] {
  const direction = descending ? -1 : 1
  return vms
    .map((vm) => ({ vm, value: valueOf(vm, by, usage) }))
    .sort((a, b) => direction * compare(a.value, b.value) || compare(a.vm.createdAt, b.vm.createdAt))
    .map(({ vm }) => vm)
}

function valueOf(vm: Vm, by: VmColumn, usage: World['usage']): string | number {
  switch (by) {
    case 'name':
      return nameOf(vm)
    case 'state':
      return vm.state
    case 'image':
      return vm.image
    case 'cpu':
      return vm.state === 'running' ? (latestUsage(usage, vm.id)?.cpuPercent ?? 0) : -1
    case 'memory':
      return vm.state === 'running' ? (latestUsage(usage, vm.id)?.memoryBytes ?? 0) : -1
    case 'uptime':
      return vm.startedAt === undefined ? -Infinity : -Date.parse(vm.startedAt)
  }
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function nameOf({ name, id }: Vm): string {
  return name ?? id
}

/** As the agent told them, those that reach further than the link first; else those that the VM makes itself. */
export function addressesOf(vm: Vm): string[] {
  const told = vm.addresses.map(({ address }) => address)
  if (told.length > 0) return told.sort((a, b) => Number(isLinkLocal(a)) - Number(isLinkLocal(b)))
  return vm.networks.flatMap((network) => ('address' in network && network.address !== undefined ? [network.address] : []))
}

/** RFC 4291, 2.5.6, and RFC 3927. */
export function isLinkLocal(address: string): boolean {
  return /^(fe[89ab]|169\.254\.)/i.test(address)
}
