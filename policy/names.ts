/**
 * Names and small values that cross a boundary, each with its grammar. A value that has passed here is safe as a file
 * name, as one word of a command line and as a host name; nothing downstream escapes it again.
 */
import * as z from 'zod'
import { BRIDGE_NAME, MAC_ADDRESS, NETWORK_NAME, VM_ID, VPN_NAME } from './grammars.ts'
import { parseAddress } from './privileged/address.ts'
import { parsePrefix } from './privileged/prefix.ts'

/** Eight letters, drawn at random by the daemon; the field's first program used the same form. */
export const VmId = z
  .string()
  .regex(VM_ID)
  .brand<'VmId'>()
  .meta({ id: 'VmId', description: 'Id of a VM: eight letters a-z', examples: ['adbvzwdf'] })
export type VmId = z.infer<typeof VmId>

/** A host name label (RFC 1123, section 2.1). Ids and names share one namespace, so either finds a VM. */
export const VmName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  .brand<'VmName'>()
  .meta({
    id: 'VmName',
    description: 'Name of a VM: 1 to 63 of a-z, 0-9 and "-", not first or last; unique among names and ids',
    examples: ['web-1'],
  })
export type VmName = z.infer<typeof VmName>

/** What a caller says to mean a VM. Every VmId is a VmName by its form, so one grammar holds both. */
export const VmRef = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  .brand<'VmRef'>()
  .meta({ id: 'VmRef', description: 'Id or name of a VM', examples: ['adbvzwdf', 'web-1'] })
export type VmRef = z.infer<typeof VmRef>

/** The file is `NAME.qcow2` in the image folder; a path is not a name. */
export const ImageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
  .brand<'ImageName'>()
  .meta({
    id: 'ImageName',
    description: 'Name of a base image, without folder and ending: up to 63 of letters, digits, ".", "_" and "-"',
    examples: ['tiny', 'debian-12'],
  })
export type ImageName = z.infer<typeof ImageName>

/** Lower case, colon-separated, unicast. */
export const MacAddress = z
  .string()
  .regex(MAC_ADDRESS)
  .brand<'MacAddress'>()
  .meta({ id: 'MacAddress', description: 'Unicast MAC address', examples: ['52:54:00:12:34:56'] })
export type MacAddress = z.infer<typeof MacAddress>

export const NetworkName = z
  .string()
  .regex(NETWORK_NAME)
  .brand<'NetworkName'>()
  .meta({
    id: 'NetworkName',
    description: 'Name of a private network: 1 to 32 of a-z, 0-9 and "-", not first or last',
    examples: ['lan'],
  })
export type NetworkName = z.infer<typeof NetworkName>

/** Private networks and VPNs share one namespace: either has a bridge of its own on the host. Every VpnName is a NetworkName by its form. */
export const VpnName = z
  .string()
  .regex(VPN_NAME)
  .brand<'VpnName'>()
  .meta({ id: 'VpnName', description: 'Name of a VPN: 1 to 8 of a-z and 0-9; the same on all its hosts', examples: ['blue'] })
export type VpnName = z.infer<typeof VpnName>

/** What tinc takes as the name of a host (tinc.conf(5), Name), in lower case. */
export const VpnHostName = z
  .string()
  .regex(/^[a-z0-9]{1,32}$/)
  .brand<'VpnHostName'>()
  .meta({ id: 'VpnHostName', description: 'Name of a host in a VPN: 1 to 32 of a-z and 0-9', examples: ['host1'] })
export type VpnHostName = z.infer<typeof VpnHostName>

/** Where other hosts reach one: an IP address, or a host name (RFC 1123). One word, without anything that a configuration file splits at. */
export const HostAddress = z
  .string()
  .max(253)
  .refine(
    (text) => parseAddress(text) !== undefined || /^(?!.*\.\d+$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/.test(text),
    'neither an IPv4 or IPv6 address nor a host name',
  )
  .brand<'HostAddress'>()
  .meta({ id: 'HostAddress', description: 'IPv4 or IPv6 address, or host name', examples: ['192.0.2.7', 'host1.example.org'] })
export type HostAddress = z.infer<typeof HostAddress>

/** An address that a guest may use besides those made of its MAC address; in its canonical form. */
export const GuestIp = z
  .string()
  .refine((text) => parseAddress(text)?.text === text, 'not a unicast IPv4 or IPv6 address in its canonical form')
  .brand<'GuestIp'>()
  .meta({ id: 'GuestIp', description: 'Unicast IPv4 or IPv6 address, in canonical form', examples: ['10.7.0.2', 'fd00:ae:0:1::53'] })
export type GuestIp = z.infer<typeof GuestIp>

/** Digits alone would be read as a number that qcow2 gives each snapshot, perhaps another one's. */
export const SnapshotName = z
  .string()
  .regex(/^(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  .brand<'SnapshotName'>()
  .meta({
    id: 'SnapshotName',
    description: 'Name of a snapshot: 1 to 63 of a-z, 0-9 and "-", not first or last, not digits alone; unique in its VM',
    examples: ['before-upgrade'],
  })
export type SnapshotName = z.infer<typeof SnapshotName>

/** A link of the host that its admin made, so a name of the kernel's, 15 characters at the most. */
export const BridgeName = z
  .string()
  .regex(BRIDGE_NAME)
  .brand<'BridgeName'>()
  .meta({ id: 'BridgeName', description: "Name of a bridge that the host's admin made", examples: ['br0'] })
export type BridgeName = z.infer<typeof BridgeName>

/** What hosts on a link can make their addresses from (SLAAC, RFC 4862) is a /64; see {@link parsePrefix}. */
export const Prefix64 = z
  .string()
  .refine((text) => parsePrefix(text)?.length === 64, 'not an IPv6 /64 with nothing behind it, in 2000::/3 or fc00::/7')
  .brand<'Prefix64'>()
  .meta({ id: 'Prefix64', description: 'IPv6 prefix of 64 bits', examples: ['fd00:ae:0:1::/64'] })
export type Prefix64 = z.infer<typeof Prefix64>

/**
 * A port of the host that leads to a port of the guest, in the order of QEMU's `hostfwd` and of `docker -p`. The host's
 * address is 127.0.0.1 where none is said: a forward is not open to the network by accident.
 */
export const PortForward = z
  .string()
  .regex(/^((tcp|udp):)?(\d{1,3}(\.\d{1,3}){3}:)?\d{1,5}:\d{1,5}$/)
  .refine((text) => parsePortForward(text) !== undefined, 'an octet over 255, or a port outside 1-65535')
  .brand<'PortForward'>()
  .meta({
    id: 'PortForward',
    description: '[tcp:|udp:][HOST_ADDRESS:]HOST_PORT:GUEST_PORT; tcp on 127.0.0.1 where not said',
    examples: ['2222:22', 'udp:0.0.0.0:5353:53'],
  })
export type PortForward = z.infer<typeof PortForward>

/** The parts of a {@link PortForward}; ports are 1 to 65535. */
export interface ForwardedPort {
  readonly protocol: 'tcp' | 'udp'
  readonly hostAddress: string
  readonly hostPort: number
  readonly guestPort: number
}

/** Reads a port forward; `undefined` if the text is not one. */
export function parsePortForward(text: string): ForwardedPort | undefined {
  const match = /^(?:(tcp|udp):)?(?:(\d+\.\d+\.\d+\.\d+):)?(\d+):(\d+)$/.exec(text)
  if (!match) return undefined
  const [, protocol, hostAddress = '127.0.0.1', host, guest] = match
  const hostPort = Number(host)
  const guestPort = Number(guest)
  const ports = [hostPort, guestPort].every((port) => port >= 1 && port <= 65_535)
  const address = hostAddress.split('.').every((octet) => Number(octet) <= 255)
  if (!ports || !address) return undefined
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', hostAddress, hostPort, guestPort }
}

/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` prints it. */
export const Timestamp = z.iso.datetime().meta({ id: 'Timestamp', description: 'Time in UTC, RFC 3339' })
