/** A router's advertisement (RFC 4861, section 4.2) as an Ethernet frame, as a hostile guest could send it. */

/** It offers itself as a default router for half an hour and `prefix`, a /64, to make addresses from; `mac` is whose frame it is. */
export function routerAdvertisement(mac: string, prefix: string): Buffer {
  const source = linkLocal(mac)
  const toAllNodes = Buffer.from('ff020000000000000000000000000001', 'hex')
  const prefixBytes = expand(prefix.replace(/\/64$/, ''))
  const message = Buffer.concat([
    // type 134, code, checksum (below); hop limit, flags, lifetime 1800 s, reachable time, retransmission timer
    Buffer.from('86000000' + '40000708' + '00000000' + '00000000', 'hex'),
    // prefix information (section 4.6.2): on-link and autonomous, valid and preferred for an hour
    Buffer.from('030440c0' + '00000e10' + '00000e10' + '00000000', 'hex'),
    prefixBytes,
  ])
  // pseudo-header (RFC 8200, section 8.1): next header 58 is ICMPv6
  const pseudo = Buffer.concat([source, toAllNodes, Buffer.from([0, 0, 0, message.length, 0, 0, 0, 58])])
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2)
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, 58, 255])
  const ethernet = Buffer.from(`333300000001${mac.replaceAll(':', '')}86dd`, 'hex')
  return Buffer.concat([ethernet, header, source, toAllNodes, message])
}

/** RFC 4291, appendix A. */
function linkLocal(mac: string): Buffer {
  const octets = Buffer.from(mac.replaceAll(':', ''), 'hex')
  octets[0]! ^= 2
  return Buffer.concat([Buffer.from('fe80000000000000', 'hex'), octets.subarray(0, 3), Buffer.from('fffe', 'hex'), octets.subarray(3)])
}

/** An address whose `::` is at its end. */
function expand(address: string): Buffer {
  const groups = address.split(':').filter(Boolean)
  return Buffer.from([...groups, ...Array<string>(8 - groups.length).fill('0')].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
