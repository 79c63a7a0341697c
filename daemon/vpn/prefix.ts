/** The prefix of a VPN, and the address that a guest makes of it. */
import { randomBytes } from 'node:crypto'
import { UserError } from '../../policy/errors.ts'
import { Prefix64, type MacAddress } from '../../policy/names.ts'
import { parsePrefix } from '../../policy/privileged/prefix.ts'

/**
 * A /64 of the principal's grant in the allowlist that is none of `taken`. It is drawn, since hosts that make VPNs of the
 * same grant do not know of each other's. Throws VPN_PREFIX_REFUSED where nothing is granted, or nothing left.
 *
 * @param random - that many random octets
 */
export function choosePrefix(grant: string | undefined, taken: readonly string[], random: (octets: number) => Buffer = randomBytes): Prefix64 {
  const outer = grant === undefined ? undefined : parsePrefix(grant)
  if (!outer || outer.length > 64) {
    throw new UserError('VPN_PREFIX_REFUSED', 'The allowlist grants no prefix that a VPN could have a part of', {
      field: 'prefix',
      hint: 'Ask the admin of the host to grant one (sudo aetherscale setup --prefix PREFIX), or join a VPN of another host',
    })
  }
  const used = new Set(taken.map((text) => parsePrefix(text)?.bits))
  const count = 1n << BigInt(64 - outer.length)
  const first = BigInt(`0x${random(8).toString('hex')}`) % count
  // one of this many differs from all of the used ones
  for (let step = 0n; step < count && step <= BigInt(used.size); step++) {
    const bits = outer.bits | (((first + step) % count) << 64n)
    if (!used.has(bits)) return Prefix64.parse(`${addressOf(bits)}/64`)
  }
  throw new UserError('VPN_PREFIX_REFUSED', `All ${count} prefixes of 64 bits in ${outer.text}, which the allowlist grants, are in use`, {
    field: 'prefix',
    hint: 'Delete a VPN or a private network that is not needed, or ask the admin of the host for a shorter prefix',
  })
}

/**
 * The address that a guest with stateless autoconfiguration gives itself: the prefix, and the MAC address as an EUI-64 with
 * the universal/local bit inverted (RFC 4291, appendix A). In canonical form (RFC 5952).
 */
export function slaacAddress(prefix: Prefix64, mac: MacAddress): string {
  const network = parsePrefix(prefix)
  if (!network) throw new TypeError(`${prefix} is no prefix`)
  const octets = mac.split(':')
  const eui64 = BigInt(`0x${[...octets.slice(0, 3), 'fffe', ...octets.slice(3)].join('')}`)
  return addressOf(network.bits | (eui64 ^ (0x02n << 56n)))
}

/** The canonical text of 128 bits that {@link parsePrefix} takes. */
function addressOf(bits: bigint): string {
  const groups = bits.toString(16).padStart(32, '0').replace(/.{4}(?!$)/g, '$&:')
  return (parsePrefix(`${groups}/128`)?.text ?? groups).replace(/\/128$/, '')
}
