/** PURE: what the helper is asked for, by what should be. A plan shows the same requests that a start sends. */
import type { VmId } from '../../policy/names.ts'
import type { Operation, OperationParams } from '../../policy/privileged/operations.ts'
import type { VmRecord } from '../vm/record.ts'
import type { NetworkRecord } from './record.ts'

type RequestFor<Chosen extends Operation> = { [O in Chosen]: { readonly operation: O; readonly params: OperationParams<O> } }[Chosen]
export type BridgeRequest = RequestFor<'bridge.ensure' | 'ra.set'>
export type AttachRequest = BridgeRequest | RequestFor<'tap.ensure'>
export type LinkRemoval = RequestFor<'bridge.delete' | 'tap.delete'>

/** An interface of a VM that is a tap of the host. */
export type Tap = OperationParams<'tap.ensure'>

/** The bridge, and its advertisements where it has a prefix. */
export function networkRequests({ name, prefix }: Pick<NetworkRecord, 'name' | 'prefix'>): BridgeRequest[] {
  const network = { network: name }
  const bridge: BridgeRequest = { operation: 'bridge.ensure', params: network }
  return prefix === undefined ? [bridge] : [bridge, { operation: 'ra.set', params: { ...network, prefix } }]
}

/** In order; interfaces of kind `user` need nothing of the host. */
export function tapsOf({ id, networks }: Pick<VmRecord, 'id' | 'networks'>): Tap[] {
  return networks.flatMap((network, nic) => {
    if (network.kind === 'user') return []
    const attach = network.kind === 'bridge' ? { bridge: network.bridge as string } : { network: network.name as string }
    return [{ vm: id, nic, attach, mac: network.mac }]
  })
}

/** The VM and the interface that a tap's key is about, `adbvzwdf.0`; `undefined` for a key of another form. */
export function parseTapKey(key: string): { vm: VmId; nic: number } | undefined {
  const [, vm, nic] = /^([a-z]{8})\.(\d)$/.exec(key) ?? []
  return vm === undefined ? undefined : { vm: vm as VmId, nic: Number(nic) }
}
