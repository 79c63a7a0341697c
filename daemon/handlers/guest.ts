/** Handlers of what a guest is asked through its agent. */
import type { guestMethods } from '../../policy/api/guest.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'

export function guestHandlers(_vms: VmDependencies): Pick<Handlers, keyof typeof guestMethods> {
  return {}
}
