/** PURE: an address as `ip -json address` tells it -> the words by which ip(8) gives it to another link. */

export interface Address {
  readonly family: 'inet' | 'inet6'
  readonly local: string
  /** The other end of a point-to-point link. */
  readonly address?: string
  readonly prefixlen: number
  readonly broadcast?: string
  readonly scope: string
  readonly label?: string
  readonly metric?: number
  readonly dynamic?: boolean
  readonly noprefixroute?: boolean
  /** The kernel makes addresses of its own from advertised prefixes (RFC 4941), or this is one of them. */
  readonly mngtmpaddr?: boolean
  readonly temporary?: boolean
  readonly tentative?: boolean
  readonly valid_life_time: number
  readonly preferred_life_time: number
}

/** "Forever" in the kernel (linux/if_addr.h: INFINITY_LIFE_TIME). */
const FOREVER = 2 ** 32 - 1

/** Link-local addresses belong to a link, and each link makes its own. */
export function isMoved({ scope }: Address): boolean {
  return scope === 'global' || scope === 'site'
}

export function writeAddress(address: Address, from: string, to: string): string {
  const { family, local, address: peer, prefixlen, broadcast, scope, label, metric } = address
  const words = [peer === undefined ? `${local}/${prefixlen}` : `${local} peer ${peer}/${prefixlen}`]
  if (broadcast !== undefined) words.push(`broadcast ${broadcast}`)
  if (scope !== 'global') words.push(`scope ${scope}`)
  // a label has to begin with the link's name; the usual one is the name
  if (label !== undefined && label !== from && label.startsWith(from)) words.push(`label ${to}${label.slice(from.length)}`)
  if (metric !== undefined) words.push(`metric ${metric}`)
  if (address.valid_life_time !== FOREVER) words.push(`valid_lft ${address.valid_life_time}`)
  if (address.preferred_life_time !== FOREVER) words.push(`preferred_lft ${Math.min(address.preferred_life_time, address.valid_life_time)}`)
  if (address.noprefixroute) words.push('noprefixroute')
  // this host has had it all the time: whether somebody else has it too need not be asked anew, which takes a second
  if (family === 'inet6') words.push(address.mngtmpaddr ? 'mngtmpaddr nodad' : 'nodad')
  return `address replace ${words.join(' ')} dev ${to}`
}

/** The network that an address is in, as routes have it: `192.0.2.0/24`. Only for comparing. */
export function isNetworkOf(dst: string, { family, local, prefixlen }: Address): boolean {
  const [base = '', length = family === 'inet' ? '32' : '128'] = dst.split('/')
  if (Number(length) !== prefixlen || base.includes(':') !== (family === 'inet6')) return false
  const bits = (text: string): bigint => toBits(text) >> BigInt((family === 'inet' ? 32 : 128) - prefixlen)
  return bits(base) === bits(local)
}

function toBits(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const [head = '', tail] = text.split('::')
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'))
  const [left, right] = [groups(head), groups(tail ?? '')]
  const all = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}
