/** PURE: the peers of a VPN with some more. */
import { UserError } from '../../policy/errors.ts'
import type { PeerRecord, VpnRecord } from './record.ts'

/** A host that is known by its key gets its new addresses; this one is left out. Throws VPN_PEER_CONFLICT. */
export function mergePeers({ name: vpn, host, peers }: VpnRecord, more: readonly PeerRecord[], field: string): PeerRecord[] {
  const merged = new Map(peers.map((peer) => [peer.name, peer]))
  for (const peer of more) {
    if (peer.publicKey === host.publicKey) continue
    const known = peer.name === host.name ? host : merged.get(peer.name)
    if (known && known.publicKey !== peer.publicKey) {
      throw new UserError('VPN_PEER_CONFLICT', `VPN "${vpn}" has a host "${peer.name}" already, with another key`, {
        field,
        hint:
          known === host
            ? 'It is this host: let the other one join under another name (--host-name)'
            : `If it was set up anew: aetherscale vpn peer remove ${vpn} ${peer.name}; else let the other one join under another name (--host-name)`,
      })
    }
    const sameKey = [...merged.values()].find((other) => other.publicKey === peer.publicKey && other.name !== peer.name)
    if (sameKey) {
      throw new UserError('VPN_PEER_CONFLICT', `VPN "${vpn}" knows the key of "${peer.name}" already, as that of "${sameKey.name}"`, {
        field,
        hint: `If the host has another name now: aetherscale vpn peer remove ${vpn} ${sameKey.name}`,
      })
    }
    merged.set(peer.name, peer)
  }
  return [...merged.values()]
}
