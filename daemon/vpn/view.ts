/** A VPN as callers see it. */
import type { Vpn, VpnPeer } from '../../policy/api/vpn.ts'
import type { HostAddress, VmId } from '../../policy/names.ts'
import type { Bridges } from '../network/bridges.ts'
import type { HostLinks } from '../network/links.ts'
import { describeBridge } from '../network/view.ts'
import { hostAddresses } from './addresses.ts'
import { fingerprint } from './keys.ts'
import type { PeerRecord, VpnRecord } from './record.ts'
import { deafVersion } from './tincd/listening.ts'
import type { Tunnels } from './tunnel.ts'

interface Seen {
  readonly bridges: Bridges
  readonly links: HostLinks
  readonly tunnels: Tunnels
  readonly vms: VmId[]
}

/** Links and process are asked of the kernel each time; of a tincd that does not run, the log. */
export async function viewVpn(record: VpnRecord, { bridges, links, tunnels, vms }: Seen): Promise<Vpn> {
  const { name, prefix, createdAt, keptWhile, host } = record
  const { bridge, failure } = bridges.seen(name)
  const running = tunnels.find(name)
  const describeTincd = async (): Promise<string | undefined> => {
    if (!running) return `tincd does not run: ${await tunnels.explain(name)}`
    const version = deafVersion(running.pid, host.port)
    return version && `tincd does not listen on ${version}: another program had port ${host.port} there when it started`
  }
  const problem = failure ?? describeBridge(bridge, links) ?? (await describeTincd())
  return {
    name,
    prefix,
    createdAt,
    keptWhile,
    host: { name: host.name, addresses: addressesOf(record), port: host.port, fingerprint: fingerprint(host.publicKey) },
    peers: record.peers.map((peer) => peer.name).sort(),
    vms,
    ...(bridge !== undefined && { bridge }),
    tunnel: running ? 'running' : 'stopped',
    ...(running && { pid: running.pid }),
    ...(problem !== undefined && { problem }),
  }
}

export function viewPeer({ name, addresses, port, publicKey }: PeerRecord, reached?: ReadonlyMap<string, boolean>): VpnPeer {
  return { name, addresses, port, fingerprint: fingerprint(publicKey), ...(reached && { reachable: reached.get(name) ?? false }) }
}

/** This host, as others have to know it. */
export function viewSelf(record: VpnRecord): PeerRecord {
  const { name, port, publicKey } = record.host
  return { name, addresses: addressesOf(record), port, publicKey }
}

function addressesOf({ host }: VpnRecord): HostAddress[] {
  return host.addresses ?? hostAddresses()
}
