/** Records of VPNs, as the daemon writes them. */
import { randomBytes } from 'node:crypto'
import { HostAddress, Prefix64, VpnHostName, VpnName } from '../../../policy/names.ts'
import { generateKeys } from '../../../daemon/vpn/keys.ts'
import type { PeerRecord, VpnRecord, VpnSecrets } from '../../../daemon/vpn/record.ts'

export const blue = VpnName.parse('blue')
export const prefix = Prefix64.parse('fd00:ae:0:1::/64')
export const vpnSecret = randomBytes(32).toString('base64url')

/** What another host has to know of one, and the key that only the one has. */
export interface HostInVpn {
  readonly peer: PeerRecord
  readonly privateKey: string
}

export async function makeHost(name: string, addresses: readonly string[], port = 50_000): Promise<HostInVpn> {
  const { publicKey, privateKey } = await generateKeys()
  return { peer: { name: VpnHostName.parse(name), addresses: addresses.map((text) => HostAddress.parse(text)), port, publicKey }, privateKey }
}

export function recordOf({ peer: { name, port, publicKey } }: HostInVpn, peers: readonly HostInVpn[]): VpnRecord {
  return {
    version: 1,
    name: blue,
    prefix,
    host: { name, port, publicKey },
    peers: peers.map(({ peer }) => peer),
    keptWhile: 'asked',
    createdAt: '2026-01-02T03:04:05.678Z',
  }
}

export const secretsOf = ({ privateKey }: HostInVpn): VpnSecrets => ({ version: 1, privateKey, secret: vpnSecret })
