/** One handler for each method of the table: from params to the module that does the work, and back to the result. */
import { eventKinds } from '../../policy/api/events.ts'
import type { Result } from '../../policy/api/index.ts'
import type { Look } from '../image/admit.ts'
import type { BuilderPlace } from '../image/run-builder.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Networks } from '../network/lifecycle.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { Observer } from '../stats/look.ts'
import { diskHandlers, type DiskRooms } from './disk.ts'
import { guestHandlers, type GuestRooms } from './guest.ts'
import { imageBuildHandlers } from './image-build.ts'
import { imageHandlers } from './image.ts'
import { statsHandlers } from './stats.ts'
import { vmHandlers, type VmRooms } from './vm.ts'
import { vpnHandlers, type VpnRooms } from './vpn.ts'

interface Rooms extends VmRooms, GuestRooms, DiskRooms, VpnRooms {
  readonly networks: Networks
  readonly builder: BuilderPlace
  readonly look: Look
  readonly observer: Observer
  readonly metrics: Pick<Metrics, 'read'>
  readonly describeSystem: () => Omit<Result<'system.info'>, 'access'>
  readonly examine: () => Promise<Result<'system.doctor'>['checks']>
  readonly discover: () => Result<'rpc.discover'>
}

export function createHandlers({ networks, builder, look, observer, metrics, describeSystem, examine, discover, ...rooms }: Rooms): Handlers {
  const image = imageHandlers(rooms.vms, look)
  return {
    ...vmHandlers(rooms),
    ...statsHandlers(rooms.vms.table, observer),
    ...guestHandlers(rooms),
    ...diskHandlers(rooms),
    ...image,
    ...imageBuildHandlers(rooms.vms.images, builder, image['image.import']),
    ...vpnHandlers(rooms),
    'network.create': (params) => networks.create(params),
    'network.list': () => ({ networks: networks.list() }),
    'network.get': ({ network }) => networks.get(network),
    'network.delete': async ({ network }) => {
      await networks.remove(network)
      return { name: network }
    },
    'events.subscribe': ({ kinds = [...eventKinds], recent }, { subscribe }) => {
      subscribe(kinds, recent)
      return { kinds }
    },
    'events.unsubscribe': (_params, { subscribe }) => {
      subscribe(undefined)
      return {}
    },
    'system.info': (_params, { access }) => ({ ...describeSystem(), access }),
    'system.doctor': async () => ({ checks: await examine() }),
    'system.metrics': () => metrics.read(),
    'rpc.discover': discover,
  }
}
