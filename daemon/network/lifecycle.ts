/** The operations that change a private network, in its queue. */
import type { Network } from '../../policy/api/network.ts'
import { UserError } from '../../policy/errors.ts'
import type { NetworkName, Prefix64, VmId } from '../../policy/names.ts'
import { parsePrefix } from '../../policy/privileged/prefix.ts'
import type { EventBus } from '../events.ts'
import type { Bridges } from './bridges.ts'
import type { HostLinks } from './links.ts'
import type { NetworkRecord } from './record.ts'
import { networkRequests } from './requests.ts'
import { removeBridge } from './remove-bridge.ts'
import type { SweepDependencies } from './sweep.ts'
import { viewNetwork } from './view.ts'

export interface Networks {
  create(params: { readonly name: NetworkName; readonly prefix?: Prefix64 | undefined }): Promise<Network>
  list(): Network[]
  get(name: NetworkName): Network
  remove(name: NetworkName): Promise<void>
}

interface Dependencies extends SweepDependencies {
  readonly bridges: Bridges
  readonly links: HostLinks
  readonly events: EventBus
  readonly usersOf: (name: NetworkName) => VmId[]
  /** Networks that are being deleted: from the turn in which nobody used them until they are gone, nobody may begin to. */
  readonly leaving: Set<string>
}

export function createNetworks(deps: Dependencies): Networks {
  const { helper, networks, vpns, networkQueues, bridges, links, events, usersOf, leaving, log } = deps
  const view = (record: NetworkRecord): Network => viewNetwork(record, bridges.seen(record.name), links, usersOf(record.name))

  /**
   * The bridge first, then the record: a daemon that is killed in between leaves a bridge without a record, which the next
   * one removes.
   */
  const make = async (record: NetworkRecord): Promise<void> => {
    try {
      await bridges.ensure(record.name, networkRequests(record))
      // A bridge that was left behind may advertise still.
      if (record.prefix === undefined) await helper.call('ra.clear', { network: record.name })
      await networks.save(record)
    } catch (error) {
      await bridges.remove(record.name).catch((failure: unknown) => {
        log.warn({ network: record.name, err: failure }, 'the bridge of a network that was not made may be left; the next start removes it')
      })
      throw error
    }
  }

  return {
    create: ({ name, prefix: text }) =>
      networkQueues.run(name, async () => {
        const prefix = text && (parsePrefix(text)?.text as Prefix64)
        if (vpns.get(name) ?? vpns.broken.has(name)) {
          throw new UserError('NETWORK_NAME_TAKEN', `A VPN "${name}" is there already`, { field: 'name', hint: 'Choose another name: either has a bridge of its own' })
        }
        const known = networks.broken.has(name) ? networks.find(name, 'name') : networks.get(name)
        if (known && known.prefix !== prefix) {
          throw new UserError('NETWORK_NAME_TAKEN', `Network "${name}" is there already, ${describePrefix(known.prefix)}`, {
            field: 'name',
            hint: 'Choose another name, or delete that network',
          })
        }
        if (known) {
          await bridges.ensure(known.name, networkRequests(known))
          return view(known)
        }
        const record: NetworkRecord = { version: 1, name, ...(prefix && { prefix }), createdAt: new Date().toISOString() }
        await make(record)
        events.emit({ kind: 'network.created', network: name })
        return view(record)
      }),
    list: () => networks.records().map(view),
    get: (name) => view(networks.find(name, 'network')),
    remove: (name) =>
      networkQueues.run(name, async () => {
        networks.find(name, 'network')
        requireUnused(name, usersOf(name))
        leaving.add(name)
        try {
          await removeBridge(deps, name)
          await networks.remove(name)
        } finally {
          leaving.delete(name)
        }
        events.emit({ kind: 'network.deleted', network: name })
      }),
  }
}

function requireUnused(name: NetworkName, users: readonly VmId[]): void {
  if (users.length === 0) return
  throw new UserError('NETWORK_IN_USE', `Network "${name}" has ${users.length} VM${users.length > 1 ? 's' : ''} on it: ${users.slice(0, 8).join(', ')}`, {
    field: 'network',
    hint: 'Delete these VMs first',
  })
}

function describePrefix(prefix: string | undefined): string {
  return prefix === undefined ? 'without a prefix' : `with prefix ${prefix}`
}
