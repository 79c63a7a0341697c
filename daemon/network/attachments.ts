/** Gives the interfaces of a VM their taps, and takes them away. To be called in the VM's queue. */
import { UserError } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { VmRecord } from '../vm/record.ts'
import type { VpnTable } from '../vpn/table.ts'
import type { Bridges } from './bridges.ts'
import type { NetworkHelper } from './helper.ts'
import type { HostLinks } from './links.ts'
import { removeLink } from './remove-link.ts'
import { networkRequests, tapsOf, vpnRequests, type AttachRequest, type BridgeRequest, type Tap } from './requests.ts'
import type { NetworkTable } from './table.ts'

/** What an interface is on, as far as it is of a network by name. */
export type Joined = { readonly kind: string; readonly name?: string | undefined }

export interface Attachments {
  /**
   * Throws NETWORK_NOT_FOUND or NETWORK_RECORD_BROKEN where an interface is to be on a private network that there is not,
   * or that is about to go, and VPN_RECORD_BROKEN; a VPN that there is not is made first. Whoever makes a VM asks in the
   * turn in which the VM becomes known.
   */
  check(networks: readonly Joined[]): void
  /**
   * Has all made that the VM's interfaces need of the host, from whatever is there; the taps' names by the interface's
   * index. A tap that QEMU holds is left as it is. Throws the helper's errors and those of {@link check}.
   */
  attach(record: VmRecord): Promise<ReadonlyMap<number, string>>
  /** Has the taps removed. Throws what {@link removeLink} throws. */
  detach(record: VmRecord): Promise<void>
  /** What {@link attach} would ask the helper for, by the interface's index; of a VPN that there is not yet all but its prefix. */
  requests(record: VmRecord): ReadonlyMap<number, readonly AttachRequest[]>
}

interface Dependencies {
  readonly helper: NetworkHelper
  readonly table: NetworkTable
  readonly vpns: VpnTable
  readonly bridges: Bridges
  readonly links: HostLinks
  /** Networks that are being deleted. */
  readonly leaving: ReadonlySet<string>
  readonly log: Logger
}

export function createAttachments({ helper, table, vpns, bridges, links, leaving, log }: Dependencies): Attachments {
  const fieldOf = (index: number): string => `networks.${index}.name`
  /** What is needed before the tap; nothing for an admin's bridge. */
  const before = ({ networks }: VmRecord, { nic }: Tap, findVpn: (name: string, field: string) => Parameters<typeof vpnRequests>[0] = vpns.find): readonly BridgeRequest[] => {
    const { kind, name = '' }: Joined = networks[nic]!
    switch (kind) {
      case 'network':
        return networkRequests(table.find(name, fieldOf(nic)))
      case 'vpn':
        return vpnRequests(findVpn(name, fieldOf(nic)))
      default:
        return []
    }
  }
  return {
    check(networks) {
      for (const [index, { kind, name = '' }] of networks.entries()) {
        if (kind === 'vpn' && vpns.broken.has(name)) vpns.find(name, fieldOf(index))
        if (kind !== 'network') continue
        if (leaving.has(name)) {
          throw new UserError('NETWORK_NOT_FOUND', `Network "${name}" is being deleted`, { field: fieldOf(index) })
        }
        table.find(name, fieldOf(index))
      }
    },
    async attach(record) {
      const names = new Map<number, string>()
      for (const tap of tapsOf(record)) {
        if ('network' in tap.attach) await bridges.ensure(tap.attach.network, before(record, tap))
        names.set(tap.nic, (await helper.call('tap.ensure', tap)).name)
      }
      return names
    },
    async detach(record) {
      for (const { vm, nic } of tapsOf(record)) {
        await removeLink({ helper, links, log }, { operation: 'tap.delete', params: { vm, nic } })
      }
    },
    requests(record) {
      const findVpn = (name: string): Parameters<typeof vpnRequests>[0] => vpns.get(name) ?? { name }
      return new Map(tapsOf(record).map((tap) => [tap.nic, [...before(record, tap, findVpn), { operation: 'tap.ensure', params: tap }]]))
    },
  }
}
