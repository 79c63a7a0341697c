/** What is to be done once of the host's network; {@link replayNetworks} tries until it is. */
import type { OwnLink } from '../../policy/privileged/results.ts'
import type { Entry } from '../vm/table.ts'
import type { VpnRecord } from '../vpn/record.ts'
import type { Attachments } from './attachments.ts'
import type { Bridges } from './bridges.ts'
import type { NetworkRecord } from './record.ts'
import { networkRequests } from './requests.ts'
import { sweepBridges, sweepTaps, sweepTunnels, type SweepDependencies } from './sweep.ts'

export interface ReplayDependencies extends SweepDependencies {
  readonly bridges: Bridges
  readonly attachments: Attachments
  /** Has all of a VPN made on this host, and its tincd started. To be called in its queue. */
  readonly bringUp: (record: VpnRecord) => Promise<void>
}

export interface Task {
  /** What it is about, for the log. */
  readonly about: object
  readonly failure: string
  /** `links` are those of ours that the helper has just told. */
  run(links: readonly OwnLink[]): Promise<void>
}

export function bridgeTask({ networks, networkQueues, bridges }: ReplayDependencies, record: NetworkRecord): Task {
  return {
    about: { network: record.name },
    failure: 'a private network could not be brought up',
    run: () =>
      networkQueues.run(record.name, async () => {
        if (networks.get(record.name) === record) await bridges.ensure(record.name, networkRequests(record))
      }),
  }
}

export function vpnTask({ vpns, networkQueues, bringUp }: ReplayDependencies, { name }: VpnRecord): Task {
  return {
    about: { vpn: name },
    failure: 'a VPN could not be brought up',
    run: () =>
      networkQueues.run(name, async () => {
        const record = vpns.get(name)
        if (record) await bringUp(record)
      }),
  }
}

export function attachTask({ vms, vmQueues, attachments }: ReplayDependencies, entry: Entry): Task {
  return {
    about: { vm: entry.id },
    failure: 'the taps of a VM could not be made',
    run: () =>
      vmQueues.run(entry, async () => {
        // What is half made or half deleted has somebody who goes on with it.
        if (vms.get(entry.id) === entry && entry.record.phase === 'ready') await attachments.attach(entry.record)
      }),
  }
}

export function sweepTask(deps: SweepDependencies): Task {
  return {
    about: {},
    failure: 'links that nothing wants could not be removed',
    async run(links) {
      await sweepTaps(deps, links)
      await sweepTunnels(deps, links)
      await sweepBridges(deps, links)
    },
  }
}
