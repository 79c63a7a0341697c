/** Ethernet frames and what is in them, as a guest could send them, well formed or not. */

/** RFC 894, or with another EtherType; `tags` are those of VLANs before it, each as `8100` and two octets of 802.1Q. */
export function ethernet(from: string, to: string, type: number, payload: Buffer, ...tags: string[]): Buffer {
  const header = Buffer.from(to.replaceAll(':', '') + from.replaceAll(':', '') + tags.join(''), 'hex')
  return Buffer.concat([header, Buffer.from([type >> 8, type & 255]), payload])
}

/** RFC 8200: `next` is the number of what `payload` begins with. */
export function ipv6(from: string, to: string, next: number, payload: Buffer, hops = 255): Buffer {
  const header = Buffer.from([0x60, 0, 0, 0, payload.length >> 8, payload.length & 255, next, hops])
  return Buffer.concat([header, ipv6Bytes(from), ipv6Bytes(to), payload])
}

/** RFC 791; `fragment` is its word of flags and offset. */
export function ipv4(from: string, to: string, protocol: number, payload: Buffer, fragment = 0): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(0x4500)
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt16BE(0x1234, 4)
  header.writeUInt16BE(fragment, 6)
  header.writeUInt16BE((64 << 8) | protocol, 8)
  ipv4Bytes(from).copy(header, 12)
  ipv4Bytes(to).copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

/** A message of RFC 4443, whose body begins behind the checksum. The addresses are part of that. */
export function icmpv6(from: string, to: string, type: number, body: Buffer): Buffer {
  return summed(from, to, 58, Buffer.concat([Buffer.from([type, 0, 0, 0]), body]), 2)
}

/** RFC 768, over IPv6. */
export function udp6(from: string, to: string, source: number, destination: number, data: Buffer): Buffer {
  return summed(from, to, 17, udp4(source, destination, data), 6)
}

/** Without a checksum, which IPv4 allows. */
export function udp4(source: number, destination: number, data: Buffer): Buffer {
  const header = Buffer.alloc(8)
  for (const [index, word] of [source, destination, 8 + data.length].entries()) header.writeUInt16BE(word, index * 2)
  return Buffer.concat([header, data])
}

/** A segment of RFC 9293 without data, over IPv6; `flags` as in its header: SYN is 2, ACK 16. */
export function tcp6(from: string, to: string, source: number, destination: number, flags: number): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(source)
  header.writeUInt16BE(destination, 2)
  header.writeUInt16BE((5 << 12) | flags, 12)
  header.writeUInt16BE(1024, 14)
  return summed(from, to, 6, header, 16)
}

/** RFC 826: `operation` 1 asks, 2 answers. */
export function arp(operation: number, senderMac: string, sender: string, target: string, targetMac = '00:00:00:00:00:00'): Buffer {
  const mac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex')
  return Buffer.concat([Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]), mac(senderMac), ipv4Bytes(sender), mac(targetMac), ipv4Bytes(target)])
}

/** An IPv6 extension header of options that are padding; `octets` is a multiple of 8, up to 256. */
export function padding(next: number, octets = 8): Buffer {
  return Buffer.concat([Buffer.from([next, octets / 8 - 1, 1, octets - 4]), Buffer.alloc(octets - 4)])
}

/** An IPv6 fragment header; `offset` in octets, a multiple of 8. */
export function fragment(next: number, offset: number, isMore: boolean): Buffer {
  const word = offset | Number(isMore)
  return Buffer.from([next, 0, word >> 8, word & 255, 0, 0, 0x12, 0x34])
}

/** The link-local address that follows from a MAC address (RFC 4291, appendix A), or one of another prefix of 64 bits. */
export function fromMac(mac: string, prefix = 'fe80::'): string {
  const octets = Buffer.from(mac.replaceAll(':', ''), 'hex')
  octets[0]! ^= 2
  const id = Buffer.concat([octets.subarray(0, 3), Buffer.from('fffe', 'hex'), octets.subarray(3)]).toString('hex')
  const words = Array.from({ length: 4 }, (_, index) => ipv6Bytes(prefix).readUInt16BE(index * 2).toString(16))
  return [...words, ...id.match(/..../g)!].join(':')
}

export function ipv6Bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter(Boolean))
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** With the checksum at `at`, over the pseudo-header of RFC 8200, section 8.1, as well. */
function summed(from: string, to: string, protocol: number, message: Buffer, at: number): Buffer {
  const pseudo = Buffer.concat([ipv6Bytes(from), ipv6Bytes(to), Buffer.from([0, 0, message.length >> 8, message.length & 255, 0, 0, 0, protocol])])
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), at)
  return message
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
  let sum = 0
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
