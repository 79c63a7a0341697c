/**
 * Everything that the privileged helper can be asked: the closed list. One request a connection, JSON-RPC 2.0, one line.
 * No interface name, path, pid or network namespace is ever a parameter, but for an admin's bridge.
 */
import * as z from 'zod/mini'
import { BRIDGE_NAME, MAC_ADDRESS, NETWORK_NAME, VM_ID } from '../grammars.ts'
import { parsePrefix } from './prefix.ts'
import { parseAddress } from './address.ts'

/** Bytes of one request; longer than any that fits the contract. */
export const REQUEST_LIMIT = 65_536
/** Milliseconds from connecting until the request has to be there. */
export const REQUEST_WITHIN_MS = 2000

const text = (grammar: RegExp) => z.string().check(z.regex(grammar))
const network = { network: text(NETWORK_NAME) }
const nic = { vm: text(VM_ID), nic: z.int().check(z.minimum(0), z.maximum(7)) }
/** `addresses`, canonical, are what the guest may use there besides the IPv6 addresses that follow from its MAC address (EUI-64). */
const addresses = z._default(z.array(z.string().check(z.refine((address) => parseAddress(address)?.text === address))).check(z.maxLength(8)), [])
const attach = z.union([z.strictObject({ ...network, addresses }), z.strictObject({ bridge: text(BRIDGE_NAME) })])

/** Params by operation. `ensure` converges from any state; `delete` and `clear` of what is not there succeed. */
export const operations = {
  /** What the caller may do, and has. */
  'policy.get': z.strictObject({}),
  /** The caller's links. */
  'link.list': z.strictObject({}),
  /** The bridge of the caller's private network. */
  'bridge.ensure': z.strictObject(network),
  'bridge.delete': z.strictObject(network),
  /**
   * The tap of interface `nic` of VM `vm`, on a private network or an admin's bridge; `mac` is the guest's. What the guest
   * sends is filtered before the tap is up: under no other MAC address, on a private network from no other IP address, no
   * router advertisement, no DHCP answer; and from a private network nothing to the host but what `services` of the allowlist names.
   */
  'tap.ensure': z.strictObject({ ...nic, attach, mac: text(MAC_ADDRESS) }),
  'tap.delete': z.strictObject(nic),
  /** The tap of the program that joins the caller's private network to other hosts'. What comes from there reaches no service of this host. */
  'tunnel.ensure': z.strictObject(network),
  'tunnel.delete': z.strictObject(network),
  /** Router advertisements of a /64 (no default route) on the caller's private network. */
  'ra.set': z.strictObject({ ...network, prefix: z.string().check(z.refine((prefix) => parsePrefix(prefix)?.length === 64)) }),
  'ra.clear': z.strictObject(network),
}

export type Operation = keyof typeof operations
export type OperationParams<O extends Operation> = z.output<(typeof operations)[O]>
