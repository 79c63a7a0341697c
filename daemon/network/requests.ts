/** PURE: what the helper is asked for, by what should be. A plan shows the same requests that a start sends. */
import type { VmId } from '../../policy/names.ts'
import type { Operation, OperationParams } from '../../policy/privileged/operations.ts'
import type { VmRecord } from '../vm/record.ts'

type RequestFor<Chosen extends Operation> = { [O in Chosen]: { readonly operation: O; readonly params: OperationParams<O> } }[Chosen]
export type BridgeRequest = RequestFor<'bridge.ensure' | 'ra.set' | 'tunnel.ensure'>
export type AttachRequest = BridgeRequest | RequestFor<'tap.ensure'>
export type LinkRemoval = RequestFor<'bridge.delete' | 'tap.delete' | 'tunnel.delete'>

/** An interface of a VM that is a tap of the host. */
export type Tap = OperationParams<'tap.ensure'>

/** The bridge, and its advertisements where it has a prefix. */
export function networkRequests({ name, prefix }: { readonly name: string; readonly prefix?: string | undefined }): BridgeRequest[] {
  const network = { network: name }
  const bridge: BridgeRequest = { operation: 'bridge.ensure', params: network }
  return prefix === undefined ? [bridge] : [bridge, { operation: 'ra.set', params: { ...network, prefix } }]
}

/** The same, and the tap of the tunnel to the other hosts. */
export function vpnRequests(vpn: Parameters<typeof networkRequests>[0]): BridgeRequest[] {
  return [...networkRequests(vpn), { operation: 'tunnel.ensure', params: { network: vpn.name } }]
}

/** In order; interfaces of kind `user` need nothing of the host. */
export function tapsOf({ id, networks }: Pick<VmRecord, 'id' | 'networks'>): Tap[] {
  return networks.flatMap((network, nic): Tap[] => {
    const tap = (attach: Tap['attach']): Tap[] => [{ vm: id, nic, attach, mac: network.mac }]
    switch (network.kind) {
      case 'user':
        return []
      case 'bridge':
        return tap({ bridge: network.bridge })
      case 'network':
      case 'vpn':
        return tap({ network: network.name, addresses: network.addresses })
    }
  })
}

/** The VM and the interface that a tap's key is about, `adbvzwdf.0`; `undefined` for a key of another form. */
export function parseTapKey(key: string): { vm: VmId; nic: number } | undefined {
  const [, vm, nic] = /^([a-z]{8})\.(\d)$/.exec(key) ?? []
  return vm === undefined ? undefined : { vm: vm as VmId, nic: Number(nic) }
}

/** The key of the tap of a VPN's tunnel, `tunnel.blue`. */
export function tunnelKey(vpn: string): string {
  return `tunnel.${vpn}`
}

/** The VPN that a tap's key is about; `undefined` for a key of another form. */
export function parseTunnelKey(key: string): string | undefined {
  return /^tunnel\.(.+)$/.exec(key)?.[1]
}
