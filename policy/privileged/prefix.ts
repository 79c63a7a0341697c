/** IPv6 prefixes, read strictly and compared as numbers. Pure. */

/** `bits` are all 128, those behind `length` are 0; `text` is canonical (RFC 5952). */
export type Prefix = Readonly<{ bits: bigint; length: number; text: string }>

/**
 * Reads `ADDRESS/LENGTH`: hexadecimal groups and `::` alone (no zone, no dotted quad), no bit set behind the length, and
 * inside the space that can be assigned: 2000::/3 (RFC 4291) or fc00::/7 (RFC 4193). `undefined` for anything else.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [, address, digits] = /^([0-9A-Fa-f:]{2,39})\/(\d{1,3})$/.exec(text) ?? []
  // the URL standard's host parser knows IPv6 and serializes as RFC 5952 demands
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1)
  const length = Number(digits)
  if (canonical === undefined || !(length <= 128)) return undefined
  const [head = [], tail = []] = canonical.split('::').map((half) => half.split(':').filter(Boolean))
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  const bits = BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`)
  const isAssignable = (bits >> 125n === 0b001n && length >= 3) || (bits >> 121n === 0b1111110n && length >= 7)
  return isAssignable && BigInt.asUintN(128 - length, bits) === 0n ? { bits, length, text: `${canonical}/${length}` } : undefined
}

export const containsPrefix = (outer: Prefix, inner: Prefix): boolean =>
  inner.length >= outer.length && (inner.bits ^ outer.bits) >> BigInt(128 - outer.length) === 0n
