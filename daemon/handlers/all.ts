/** One handler for each method of the table: from params to the module that does the work, and back to the result. */
import { eventKinds } from '../../policy/api/events.ts'
import type { Result } from '../../policy/api/index.ts'
import type { Look } from '../image/admit.ts'
import type { Networks } from '../network/lifecycle.ts'
import type { Handlers } from '../rpc/handler.ts'
import { diskHandlers } from './disk.ts'
import { guestHandlers } from './guest.ts'
import { imageHandlers } from './image.ts'
import { vmHandlers, type VmRooms } from './vm.ts'

interface Rooms extends VmRooms {
  readonly networks: Networks
  readonly look: Look
  readonly describeSystem: () => Result<'system.info'>
  readonly examine: () => Promise<Result<'system.doctor'>['checks']>
  readonly discover: () => Result<'rpc.discover'>
}

export function createHandlers({ networks, look, describeSystem, examine, discover, ...rooms }: Rooms): Handlers {
  return {
    ...vmHandlers(rooms),
    ...guestHandlers(rooms.vms),
    ...diskHandlers(rooms.vms),
    ...imageHandlers(rooms.vms, look),
    'network.create': (params) => networks.create(params),
    'network.list': () => ({ networks: networks.list() }),
    'network.get': ({ network }) => networks.get(network),
    'network.delete': async ({ network }) => {
      await networks.remove(network)
      return { name: network }
    },
    'events.subscribe': ({ kinds = [...eventKinds] }, { subscribe }) => {
      subscribe(kinds)
      return { kinds }
    },
    'events.unsubscribe': (_params, { subscribe }) => {
      subscribe(undefined)
      return {}
    },
    'system.info': describeSystem,
    'system.doctor': async () => ({ checks: await examine() }),
    'rpc.discover': discover,
  }
}
