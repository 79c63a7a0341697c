/** Handlers of VPNs. */
import type { vpnMethods } from '../../policy/api/vpn.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { Vpns } from '../vpn/lifecycle.ts'
import type { Membership } from '../vpn/membership.ts'

export interface VpnRooms {
  readonly vpns: Vpns
  readonly membership: Membership
}

export function vpnHandlers({ vpns, membership }: VpnRooms): Pick<Handlers, keyof typeof vpnMethods> {
  return {
    'vpn.create': (params) => vpns.create(params),
    'vpn.list': async () => ({ vpns: await vpns.list() }),
    'vpn.get': ({ vpn }) => vpns.get(vpn),
    'vpn.delete': async ({ vpn }) => {
      await vpns.remove(vpn)
      return { name: vpn }
    },
    'vpn.invite': (params) => membership.invite(params),
    'vpn.join': (params) => membership.join(params),
    'vpn.accept': ({ answer }) => membership.accept(answer),
    'vpn.peer.add': ({ vpn, ...peer }) => membership.add(vpn, peer),
    'vpn.peer.remove': async ({ vpn, peer }) => {
      await membership.remove(vpn, peer)
      return { name: peer }
    },
    'vpn.peer.list': async ({ vpn }) => ({ peers: await membership.list(vpn) }),
  }
}
