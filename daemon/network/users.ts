/** Which VMs have an interface on what. */
import type { VmId } from '../../policy/names.ts'
import type { VmRecord } from '../vm/record.ts'
import type { VmTable } from '../vm/table.ts'

/** By the name of a private network or VPN. A VM whose record does not tell may be on any. */
export function vmsOnNetwork(table: VmTable, name: string): VmId[] {
  const isOn = (network: VmRecord['networks'][number]): boolean => 'name' in network && network.name === name
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
