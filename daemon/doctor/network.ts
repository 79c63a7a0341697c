/** Looks at what networks other than `user` need: the helper, what it grants, the bridges, and the device for taps. */
import { accessSync, constants } from 'node:fs'
import type { Check } from '../../policy/api/system.ts'
import { UserError } from '../../policy/errors.ts'
import type { OperationResult } from '../../policy/privileged/results.ts'
import type { NetworkHelper } from '../network/helper.ts'
import type { HostLinks } from '../network/links.ts'
import { checkFrames } from './frames.ts'

/** What of the network is wanted here. */
export interface NetworkNeeds {
  /** Private networks, and those whose record cannot be read, with the reason. */
  readonly networks: number
  readonly broken: ReadonlyMap<string, string>
  /** Of every VM, its bridges and whether any of its interfaces is a tap. */
  readonly vms: readonly { readonly id: string; readonly bridges: readonly string[]; readonly hasTaps: boolean }[]
}

type Grant = OperationResult<'policy.get'>

/** `missing` where a VM or a network needs it, `degraded` where nothing does yet. */
export async function checkNetwork(helper: NetworkHelper, links: HostLinks, needs: NetworkNeeds): Promise<Check[]> {
  const lack = needs.networks > 0 || needs.vms.some(({ hasTaps }) => hasTaps) ? 'missing' : 'degraded'
  const { check, grant } = await checkHelper(helper, lack)
  const bridges = new Set([...needs.vms.flatMap((vm) => vm.bridges), ...(grant?.bridges ?? [])])
  // Bridges of private networks: `deriveName` in helper/names.ts.
  const frames = await checkFrames([...[...bridges].sort(), ...(needs.networks > 0 ? ['aeb+'] : [])])
  const filters = grant ? await checkFilters(helper) : []
  return [check, checkTunDevice(lack), ...checkBridges(links, needs, grant), ...filters, ...frames, ...checkRecords(needs)]
}

async function checkHelper(helper: NetworkHelper, lack: Check['status']): Promise<{ check: Check; grant?: Grant }> {
  const subject = 'network helper'
  try {
    const grant = await helper.call('policy.get', {})
    return { check: { subject, status: 'ok', detail: `${helper.path} answers; ${describeGrant(grant)}` }, grant }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const remedy = remedyFor(error)
    return { check: { subject, status: lack, detail: error.message, ...(remedy && { remedy }) } }
  }
}

/** Whoever empties the kernel's tables, as a restart of nftables.service does, takes the helper's with them. */
async function checkFilters(helper: NetworkHelper): Promise<Check[]> {
  const { links } = await helper.call('link.list', {})
  const open = links.filter(({ kind, filtered }) => kind === 'tap' && filtered !== true).map(({ key }) => key)
  if (open.length === 0) return []
  return [
    {
      subject: 'filters of taps',
      status: 'degraded',
      detail: `somebody has removed those of ${open.join(', ')}: guests there may take others' addresses`,
      remedy: 'the daemon has them put into force again within a minute; see to it that a restart of the firewall does not empty tables of others (nft flush ruleset)',
    },
  ]
}

function describeGrant({ uid, bridges, prefix, quota, used }: Grant): string {
  const taps = `${used.taps} of ${quota.taps} taps and ${used.bridges} of ${quota.bridges} private networks`
  const granted = [...(bridges.length > 0 ? [`bridges ${bridges.join(', ')}`] : []), ...(prefix === undefined ? [] : [`prefixes in ${prefix}`])]
  return [`uid ${uid} has ${taps}`, ...(granted.length > 0 ? [`may use ${granted.join(' and ')}`] : [])].join(', ')
}

/** A socket that is not there or not ours is the admin's to enable; where the helper answers, its hint says what it lacks. */
function remedyFor({ data, cause }: UserError): string | undefined {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  const isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EACCES'
  return isAbsent ? `sudo systemctl enable --now aetherscale-net@${process.getuid?.() ?? 0}.socket` : data.hint
}

/** QEMU opens it itself, as this user; that it may open a tap of ours is the tap's owner's right. */
function checkTunDevice(lack: Check['status']): Check {
  const subject = '/dev/net/tun'
  try {
    accessSync(subject, constants.R_OK | constants.W_OK)
    return { subject, status: 'ok', detail: 'open to this user' }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { subject, status: lack, detail: 'not there; taps need it', remedy: 'sudo modprobe tun' }
    return { subject, status: lack, detail: `closed to this user (${code ?? String(error)})`, remedy: `sudo chmod 0666 ${subject}` }
  }
}

function checkBridges(links: HostLinks, { vms }: NetworkNeeds, grant: Grant | undefined): Check[] {
  const named = new Set([...vms.flatMap(({ bridges }) => bridges), ...(grant?.bridges ?? [])])
  return [...named].sort().flatMap((bridge): Check[] => {
    const subject = `bridge ${bridge}`
    const users = vms.filter(({ bridges }) => bridges.includes(bridge)).map(({ id }) => id)
    const lack = users.length > 0 ? 'missing' : 'degraded'
    const wanted = users.length > 0 ? `VM ${users.slice(0, 8).join(', ')} is to be on it` : 'the allowlist grants it'
    if (!links.isBridge(bridge)) {
      return [{ subject, status: lack, detail: `not on this host; ${wanted}`, remedy: makeBridge(bridge) }]
    }
    if (grant && !grant.bridges.includes(bridge)) {
      const remedy = `in the allowlist, the entry of uid ${grant.uid} in "principals": add "${bridge}" to "bridges"`
      return [{ subject, status: lack, detail: `the allowlist does not grant it; ${wanted}`, remedy }]
    }
    return [{ subject, status: 'ok', detail: wanted }]
  })
}

/** Down, a new bridge is of no use; up, it would believe any guest that says it is a router. For the next boot it has to be configured. */
function makeBridge(bridge: string): string {
  return `sudo ip link add ${bridge} type bridge && sudo sysctl -w net/ipv6/conf/${bridge}/accept_ra=0 && sudo ip link set ${bridge} up`
}

function checkRecords({ broken }: NetworkNeeds): Check[] {
  return Array.from(broken, ([name, reason]) => ({
    subject: `network ${name}`,
    status: 'degraded' as const,
    detail: `its record cannot be read: ${reason}`,
  }))
}
