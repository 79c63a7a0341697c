/** Handlers of what a guest is asked through its agent. */
import type { guestMethods } from '../../policy/api/guest.ts'
import { copyOut } from '../guest/copy-out.ts'
import type { Copies } from '../guest/copies.ts'
import { execInGuest } from '../guest/exec.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'

export interface GuestRooms {
  readonly vms: VmDependencies
  readonly copies: Copies
}

export function guestHandlers({ vms, copies }: GuestRooms): Pick<Handlers, keyof typeof guestMethods> {
  return {
    'vm.exec': (params, { signal }) => execInGuest(vms, vms.table.find(params.vm), params, signal),
    'vm.copy-in': (params) => copies.write(vms.table.find(params.vm), params),
    'vm.copy-out': (params) => copyOut(vms, vms.table.find(params.vm), params),
  }
}
