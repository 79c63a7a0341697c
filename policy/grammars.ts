/**
 * Grammars as regular expressions, for schemas in zod and in zod/mini alike (the privileged helper loads the small one).
 * A text that fits is safe as a file name and as one word of a command line.
 */

export const VM_ID = /^[a-z]{8}$/
/** Lower case, colon-separated, unicast. */
export const MAC_ADDRESS = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/
export const NETWORK_NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/
/** A virtual private network between hosts; what the first program took. */
export const VPN_NAME = /^[a-z0-9]{1,8}$/
/** A service of the host, by protocol and port: `tcp:53`. */
export const SERVICE = /^(tcp|udp):([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/
/**
 * A bridge that the host's admin made. Narrower than what the kernel takes as a name (dev_valid_name: 15 bytes without
 * blank, `/` and `:`), and without the two forms that mean something else: `if7`, which ip(8) reads as "the link with
 * index 7", and the helper's own.
 */
export const BRIDGE_NAME = /^(?!if\d+$)(?!ae[bnt][a-z2-7]{12}$)[A-Za-z][A-Za-z0-9_.-]{0,14}$/
