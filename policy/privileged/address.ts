/** IP addresses, read strictly. */
import { parsePrefix } from './prefix.ts'

/** `text` is canonical: dotted decimal without leading zeros, or RFC 5952. */
export type Address = Readonly<{ version: 4 | 6; text: string }>

/**
 * Reads a unicast address: IPv4 as four decimal octets, 1.0.0.0 to 223.255.255.255 without 127.0.0.0/8; IPv6 as
 * {@link parsePrefix} reads it. `undefined` for anything else.
 */
export function parseAddress(text: string): Address | undefined {
  const octet = '(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])'
  const [, first] = new RegExp(`^(${octet})(?:[.]${octet}){3}$`).exec(text) ?? []
  if (first !== undefined) return Number(first) > 0 && Number(first) < 224 && first !== '127' ? { version: 4, text } : undefined
  const prefix = parsePrefix(`${text}/128`)
  return prefix && { version: 6, text: prefix.text.slice(0, -'/128'.length) }
}
