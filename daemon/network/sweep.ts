/** Removes links of ours that nothing wants any more: what a daemon left that was killed, or found no helper. */
import type { OwnLink } from '../../policy/privileged/results.ts'
import type { Logger } from '../log.ts'
import type { Queues } from '../vm/queue.ts'
import type { Entry, VmTable } from '../vm/table.ts'
import type { NetworkHelper } from './helper.ts'
import { parseTapKey, parseTunnelKey } from './requests.ts'
import type { NetworkTable } from './table.ts'
import type { VpnTable } from '../vpn/table.ts'
import { needsTap } from './users.ts'

export interface SweepDependencies {
  readonly helper: NetworkHelper
  readonly networks: NetworkTable
  readonly vpns: VpnTable
  /** By the name of a network or VPN: they share one namespace. */
  readonly networkQueues: Queues<string>
  readonly vms: VmTable
  readonly vmQueues: Queues<Entry>
  readonly log: Logger
}

/**
 * Whether a link is wanted is asked again in the turn of its VM: a list of links is old when it comes, and the record of
 * a VM is there before its taps. A VM that is not known has no turn, and its id never comes back.
 */
export async function sweepTaps({ helper, vms, vmQueues, log }: SweepDependencies, links: readonly OwnLink[]): Promise<void> {
  const taps = links.flatMap(({ kind, key }) => (kind === 'tap' ? (parseTapKey(key) ?? []) : []))
  await Promise.all(
    taps.map(async ({ vm, nic }) => {
      if (needsTap(vms, vm, nic)) return
      const remove = async (): Promise<void> => {
        if (needsTap(vms, vm, nic)) return
        await helper.call('tap.delete', { vm, nic })
        log.info({ vm, nic }, 'removed a tap that no VM wants')
      }
      const entry = vms.get(vm)
      await (entry ? vmQueues.run(entry, remove) : remove())
    }),
  )
}

/** Tunnels of VPNs that there are not. */
export async function sweepTunnels({ helper, vpns, networkQueues, log }: SweepDependencies, links: readonly OwnLink[]): Promise<void> {
  const names = links.flatMap(({ kind, key }) => (kind === 'tap' ? (parseTunnelKey(key) ?? []) : []))
  await Promise.all(
    names.map((name) =>
      networkQueues.run(name, async () => {
        if (vpns.get(name) ?? vpns.broken.has(name)) return
        await helper.call('tunnel.delete', { network: name })
        log.info({ vpn: name }, 'removed the tunnel of no VPN')
      }),
    ),
  )
}

/** Bridges of networks and VPNs that there are not, and advertisements on those that have no prefix; their taps are to go first. */
export async function sweepBridges({ helper, networks, vpns, networkQueues, log }: SweepDependencies, links: readonly OwnLink[]): Promise<void> {
  await Promise.all(
    links.map(async ({ kind, key, prefix }) => {
      if (kind !== 'bridge' || networks.broken.has(key) || vpns.broken.has(key)) return
      await networkQueues.run(key, async () => {
        const record = networks.get(key) ?? vpns.get(key)
        if (!record) {
          await helper.call('bridge.delete', { network: key })
          log.info({ network: key }, 'removed a bridge of no network')
        } else if (record.prefix === undefined && prefix !== undefined) await helper.call('ra.clear', { network: key })
      })
    }),
  )
}
