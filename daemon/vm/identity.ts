/** Ids and MAC addresses, drawn at random. */
import { randomBytes, randomInt } from 'node:crypto'
import type { MacAddress, VmId } from '../../policy/names.ts'

/** Eight letters a-z that `taken` does not know; 2·10¹¹ of them, so a few draws suffice. */
export function drawVmId(taken: (id: string) => boolean): VmId {
  for (;;) {
    const id = Array.from({ length: 8 }, () => String.fromCharCode(97 + randomInt(26))).join('')
    if (!taken(id)) return id as VmId
  }
}

/** Unicast and locally administered (IEEE 802, the two low bits of the first octet are 0 and 1). */
export function drawMacAddress(): MacAddress {
  const octets = randomBytes(6)
  octets[0] = ((octets[0] ?? 0) & 0xfc) | 0x02
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(':') as MacAddress
}
