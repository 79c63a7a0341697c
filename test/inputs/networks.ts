/** Private networks and VPNs as the daemon tells them. */
import type { Network } from '../../policy/api/network.ts'
import type { Vpn, VpnPeer } from '../../policy/api/vpn.ts'
import { SOME_TIME } from './vms.ts'

const createdAt = new Date(SOME_TIME - 3_600_000).toISOString()

export function makeNetwork(name: string, more: object = {}): Network {
  return { name, createdAt, prefix: 'fde7:2361:234a:1::/64', bridge: 'ae0123456789', vms: [], ...more } as unknown as Network
}

export function makeVpn(name: string, more: object = {}): Vpn {
  const host = { name: 'hosta', addresses: ['203.0.113.7', '2001:db8::7'], port: 50_000, fingerprint: fingerprintOf('hosta') }
  return {
    name,
    createdAt,
    prefix: 'fde7:2361:234a:b::/64',
    keptWhile: 'asked',
    host,
    peers: [],
    vms: [],
    bridge: 'ae9876543210',
    tunnel: 'running',
    pid: 4242,
    ...more,
  } as unknown as Vpn
}

export function makePeer(name: string, more: object = {}): VpnPeer {
  return { name, addresses: ['203.0.113.9'], port: 50_001, fingerprint: fingerprintOf(name), reachable: true, ...more } as unknown as VpnPeer
}

/** As long as a real one: 32 bytes in base64. */
function fingerprintOf(name: string): string {
  return `SHA256:${name.padEnd(42, 'x')}=`
}
