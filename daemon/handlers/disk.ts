/** Handlers of VMs' disks. */
import type { diskMethods } from '../../policy/api/disk.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'

export function diskHandlers(_vms: VmDependencies): Pick<Handlers, keyof typeof diskMethods> {
  return {}
}
