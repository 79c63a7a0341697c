/**
 * What a daemon does with the host's network when it starts: has made what should be there, for the host may have booted
 * meanwhile, and has removed what should not. All of it in the background: a VM that starts has its own needs made.
 */
import type { OwnLink } from '../../policy/privileged/results.ts'
import type { Attachments } from './attachments.ts'
import type { Bridges } from './bridges.ts'
import { tapsOf } from './requests.ts'
import { sweepBridges, sweepTaps, type SweepDependencies } from './sweep.ts'

interface Dependencies extends SweepDependencies {
  readonly bridges: Bridges
  readonly attachments: Attachments
}

/** Never rejects: each thing that fails is logged, and the rest goes on. */
export async function replayNetworks(deps: Dependencies): Promise<void> {
  const { helper, networks, networkQueues, vms, vmQueues, bridges, attachments, log } = deps
  const records = networks.records()
  const entries = Array.from(vms.entries()).filter(({ record }) => tapsOf(record).length > 0)
  let links: readonly OwnLink[]
  try {
    links = (await helper.call('link.list', {})).links
  } catch (error) {
    const isNeeded = records.length + entries.length > 0
    log[isNeeded ? 'warn' : 'debug']({ err: error }, 'the network helper does not answer; the host\'s network is as it was')
    return
  }
  const settle = async (about: object, what: string, work: Promise<unknown>): Promise<void> => {
    try {
      await work
    } catch (error) {
      log.warn({ ...about, err: error }, what)
    }
  }
  const ensuringBridges = records.map((record) => {
    const work = networkQueues.run(record.name, async () => {
      if (networks.get(record.name) === record) await bridges.ensure(record)
    })
    return settle({ network: record.name }, 'a private network could not be brought up', work)
  })
  const ensuringTaps = entries.map((entry) => {
    const work = vmQueues.run(entry, async () => {
      // What is half made or half deleted has somebody who goes on with it.
      if (vms.get(entry.id) === entry && entry.record.phase === 'ready') await attachments.attach(entry.record)
    })
    return settle({ vm: entry.id }, 'the taps of a VM could not be made', work)
  })
  const sweeping = settle({}, 'links that nothing wants could not be removed', sweepAll(deps, links))
  await Promise.all([...ensuringBridges, ...ensuringTaps, sweeping])
}

async function sweepAll(deps: SweepDependencies, links: readonly OwnLink[]): Promise<void> {
  await sweepTaps(deps, links)
  await sweepBridges(deps, links)
}
