/** Ids and MAC addresses: drawn at random, but for the id that follows from a request. */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { MacAddress, VmId } from '../../policy/names.ts'

/** Eight letters a-z that `taken` does not know; 2·10¹¹ of them, so a few draws suffice. */
export function drawVmId(taken: (id: string) => boolean): VmId {
  for (;;) {
    const id = Array.from({ length: 8 }, () => String.fromCharCode(97 + randomInt(26))).join('')
    if (!taken(id)) return id as VmId
  }
}

/**
 * The id that a VM of this request has, if it is free: a create that was cut short, and is asked for again, here or on another
 * host, makes the VM by the id that was told.
 */
export function vmIdOfRequest(requestId: string): VmId {
  const octets = createHash('sha256').update(requestId).digest().subarray(0, 8)
  return Array.from(octets, (octet) => String.fromCharCode(97 + (octet % 26))).join('') as VmId
}

/** Unicast and locally administered (IEEE 802, the two low bits of the first octet are 0 and 1). */
export function drawMacAddress(): MacAddress {
  const octets = randomBytes(6)
  octets[0] = ((octets[0] ?? 0) & 0xfc) | 0x02
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(':') as MacAddress
}
