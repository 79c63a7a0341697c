/** Which VMs have an interface on what. */
import type { VmId } from '../../policy/names.ts'
import type { VmTable } from '../vm/table.ts'

/** A VM whose record does not tell may be on any network. */
export function vmsOnNetwork(table: VmTable, name: string): VmId[] {
  const isOn = (network: { readonly kind: string; readonly name?: string }): boolean => network.kind === 'network' && network.name === name
  return [
    ...Array.from(table.entries()).filter(({ record }) => record.networks.some(isOn)).map(({ id }) => id),
    ...Array.from(table.broken).filter(([, { networks = [name] }]) => networks.includes(name)).map(([id]) => id),
  ]
}

/** Whether this interface of this VM is to have a tap, as far as anybody can tell. */
export function needsTap(table: VmTable, vm: VmId, nic: number): boolean {
  const kind = table.get(vm)?.record.networks[nic]?.kind
  return table.broken.has(vm) || (kind !== undefined && kind !== 'user')
}
