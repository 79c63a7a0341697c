/** A router's advertisement (RFC 4861, section 4.2) as an Ethernet frame, as a hostile guest could send it. */
import { ethernet, fromMac, icmpv6, ipv6, ipv6Bytes } from './ethernet.ts'

export const ALL_NODES = { address: 'ff02::1', mac: '33:33:00:00:00:01' }

/** It offers itself as a default router for half an hour and `prefix`, a /64, to make addresses from; `mac` is whose frame it is. */
export function routerAdvertisement(mac: string, prefix: string): Buffer {
  return ethernet(mac, ALL_NODES.mac, 0x86dd, ipv6(fromMac(mac), ALL_NODES.address, 58, advertisementMessage(mac, prefix)))
}

/** The message alone. */
export function advertisementMessage(mac: string, prefix: string): Buffer {
  const body = Buffer.concat([
    // hop limit, flags, lifetime 1800 s, reachable time, retransmission timer
    Buffer.from('40000708' + '00000000' + '00000000', 'hex'),
    // prefix information (section 4.6.2): on-link and autonomous, valid and preferred for an hour
    Buffer.from('030440c0' + '00000e10' + '00000e10' + '00000000', 'hex'),
    ipv6Bytes(prefix.replace(/\/64$/, '')),
  ])
  return icmpv6(fromMac(mac), ALL_NODES.address, 134, body)
}
