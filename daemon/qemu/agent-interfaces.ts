/** PURE: the answer to guest-network-get-interfaces, believed only as far as it can be checked. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import * as z from 'zod'
import type { GuestAddress } from '../../policy/api/vm.ts'
import { MacAddress } from '../../policy/names.ts'
import { AgentNonsense } from './agent-errors.ts'

/** Interfaces looked at, and addresses taken in all; a guest with more has the rest left out. */
const COUNT_LIMIT = 64

/** No control characters, nor others that are not seen (Unicode's category C): the name ends up on terminals. */
const InterfaceName = z.string().regex(/^[^\p{C}]{1,64}$/u)
const Interface = z.object({
  name: InterfaceName,
  'hardware-address': z.unknown(),
  'ip-addresses': z.array(z.unknown()).default([]),
})
const Address = z.object({ 'ip-address': z.string().max(64), prefix: z.int() })

/**
 * The addresses in the guest's order, in canonical text, loopback left out. An entry that is not one is left out; one that
 * is no list at all throws AgentNonsense.
 */
export function readInterfaces(answer: unknown): GuestAddress[] {
  if (!Array.isArray(answer)) throw new AgentNonsense('The guest answered no list of interfaces')
  return answer.slice(0, COUNT_LIMIT).flatMap(readInterface).slice(0, COUNT_LIMIT)
}

function readInterface(value: unknown): GuestAddress[] {
  const { data } = Interface.safeParse(value)
  if (!data) return []
  const mac = MacAddress.safeParse(data['hardware-address']).data
  return data['ip-addresses'].slice(0, COUNT_LIMIT).flatMap((entry) => {
    const address = readAddress(entry)
    return address ? [{ ...address, ...(mac && { mac }), interface: data.name }] : []
  })
}

function readAddress(value: unknown): Pick<GuestAddress, 'address' | 'prefixLength'> | undefined {
  const { data } = Address.safeParse(value)
  if (!data) return undefined
  const text = data['ip-address']
  // isIPv6 takes a zone as well ("fe80::1%eth0"), which says nothing on this side.
  const family = isIPv4(text) ? 'ipv4' : isIPv6(text) && !text.includes('%') ? 'ipv6' : undefined
  if (!family || data.prefix < 0 || data.prefix > (family === 'ipv4' ? 32 : 128)) return undefined
  const { address } = new SocketAddress({ address: text, family })
  return isLoopback(address) ? undefined : { address, prefixLength: data.prefix }
}

/** 127/8 (RFC 1122, section 3.2.1.3) and ::1 (RFC 4291, section 2.5.3). */
function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
