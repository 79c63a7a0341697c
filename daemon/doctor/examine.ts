/** All that doctor looks at, in the order in which it is shown. */
import type { Accelerator, Check } from '../../policy/api/system.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'
import type { NetworkHelper } from '../network/helper.ts'
import type { HostLinks } from '../network/links.ts'
import type { ServiceManager } from '../service/manager.ts'
import { vmPaths } from '../vm/paths.ts'
import { checkAccess } from './access.ts'
import { createRemedies, findAccount } from './account.ts'
import { collectChecks, type Examiners } from './collect.ts'
import { checkFolders, checkPathLengths } from './folders.ts'
import { checkAccelerator, checkNode, checkUser } from './host.ts'
import { checkLeftovers } from './leftovers.ts'
import { checkNetwork } from './network.ts'
import { checkPrograms } from './programs.ts'
import { needsOf, type Records } from './records.ts'
import { checkSession } from './session.ts'
import { checkVersions } from './versions.ts'
import { checkIsolation } from './vms.ts'

export interface Examined {
  readonly config: Config
  readonly accelerator: () => Promise<Accelerator>
  readonly helper: NetworkHelper
  readonly links: HostLinks
  /** What there should be, as of the call. */
  readonly records: () => Records
  readonly services: ServiceManager
  /** What is wrong with the VMs that there are; only a daemon can tell. */
  readonly vms?: () => Check[] | Promise<Check[]>
  /** Likewise of VPNs. */
  readonly tunnels?: () => Promise<Check[]>
  readonly log?: Logger
}

/** Never rejects: a check that fails says so in its place. */
export async function examine(examined: Examined): Promise<Check[]> {
  const { config, accelerator, helper, links, records, services, vms, tunnels, log } = examined
  const { folders, userManager } = config
  const account = findAccount()
  const remedies = createRemedies(config, account)
  const hasUnits = config.serviceManager === 'systemd'
  const { networks, vpns } = records()
  const advertises = [...networks.values()].some(({ prefix }) => prefix !== undefined)
  const leftovers = (): Check[] =>
    checkLeftovers({
      folders,
      links,
      records,
      processOf: (id) => services.find({ id, pidFile: vmPaths(folders, id).pidFile })?.pid,
      orphanUnits: () => services.orphans(),
      // Without one there are no units that could be left.
      unitFolder: services.units?.folder ?? '',
      remedies,
    })
  const examiners: Examiners = {
    programs: checkPrograms,
    versions: () => checkVersions({ hasUnits, advertises, hasVpns: vpns.size > 0 }),
    user: () => [checkUser(account)],
    node: () => [checkNode()],
    session: () => checkSession({ account, userRuntime: userManager?.runtime, hasUnits, runtime: folders.runtime }),
    accelerator: async () => [await checkAccelerator(config, accelerator, account)],
    isolation: async () => [checkIsolation(await services.isolation())],
    folders: () => checkFolders(folders, remedies),
    'path lengths': () => [checkPathLengths(config)],
    access: () => checkAccess({ config, account, remedies, isServing: vms !== undefined }),
    network: () => checkNetwork(helper, links, needsOf(records())),
    VMs: vms ?? ((): Check[] => []),
    VPNs: tunnels ?? ((): Check[] => []),
    leftovers,
  }
  return await collectChecks(examiners, log)
}

/** What can be said where the configuration does not hold: that of the session is often why. */
export async function examineUnconfigured(userRuntime: string | undefined): Promise<Check[]> {
  const account = findAccount()
  return await collectChecks({
    programs: checkPrograms,
    user: () => [checkUser(account)],
    node: () => [checkNode()],
    session: () => checkSession({ account, userRuntime, hasUnits: true, runtime: '' }),
  })
}
