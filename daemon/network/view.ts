/** A private network as callers see it. */
import type { Network } from '../../policy/api/network.ts'
import type { VmId } from '../../policy/names.ts'
import type { HostLinks } from './links.ts'
import type { NetworkRecord } from './record.ts'

/** Whether the bridge is there is asked of the kernel each time, its name of what the helper told last. */
export function viewNetwork(
  { name, prefix, createdAt }: NetworkRecord,
  { bridge, failure }: { readonly bridge?: string; readonly failure?: string },
  links: HostLinks,
  vms: VmId[],
): Network {
  const problem = failure ?? describeBridge(bridge, links)
  return { name, ...(prefix && { prefix }), createdAt, ...(bridge !== undefined && { bridge }), vms, ...(problem && { problem }) }
}

/** Why the bridge may carry nothing now; `undefined` where it may. */
export function describeBridge(bridge: string | undefined, links: HostLinks): string | undefined {
  if (bridge === undefined) return 'The network helper has not told of its bridge since the daemon started'
  return links.isBridge(bridge) ? undefined : `Its bridge ${bridge} is gone; the next start of a VM on it makes it anew`
}
