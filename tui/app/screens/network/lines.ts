/** PURE: one private network or VPN, and who is on it. */
import type { Vpn, VpnPeer } from '../../../../policy/api/vpn.ts'
import type { Vm } from '../../../../policy/api/vm.ts'
import type { NetworkView } from '../../model/views.ts'
import type { World } from '../../model/world.ts'
import type { Line } from '../../text/line.ts'
import { aside, columns, emptyLine, fact, heading, prose } from '../../text/lines.ts'
import { nameOf } from '../vms/rows.ts'
import { networkRows, reachOf, type NetworkRow } from '../networks/rows.ts'

/** Cells of the column of labels. */
const LABEL = 13
/** A fingerprint has 50 cells: from so many columns on it stands beside the rest. */
const WIDE = 110

export function findNetwork({ kind, name }: Pick<NetworkView, 'kind' | 'name'>, world: World): NetworkRow | undefined {
  return networkRows(world)?.find((row) => row.kind === kind && row.name === name)
}

export function networkLines(view: NetworkView, world: World, { width, ellipsis }: { readonly width: number; readonly ellipsis: string }): Line[] {
  const row = findNetwork(view, world)
  if (!row) return prose(networkRows(world) ? `There is no ${view.name} any more.` : ' ', width)
  const label = (name: string, value: string | undefined, meaning?: string): Line[] =>
    value === undefined ? [] : fact(name, value, { width, column: LABEL, ...(meaning !== undefined && { meaning }) })
  const { network } = row
  return [
    ...label('Prefix', network.prefix ?? (row.kind === 'network' ? 'none: guests have no address of its own there' : undefined)),
    ...label('Bridge', network.bridge),
    ...(row.kind === 'vpn' ? label('Tunnel', tunnelOf(row.network), row.network.tunnel === 'running' ? 'running' : 'broken') : []),
    ...(row.kind === 'vpn' ? label('Kept', row.network.keptWhile === 'asked' ? 'until it is deleted' : 'as long as a VM is on it') : []),
    ...label('Made', network.createdAt),
    ...label('Problem', network.problem, 'broken'),
    emptyLine,
    ...describeVms(row, world, { width, ellipsis }),
    ...(row.kind === 'vpn' ? [emptyLine, ...describeHost(row.network, label), emptyLine, ...describePeers(row, { width, ellipsis })] : []),
  ]
}

function tunnelOf({ tunnel, pid }: Vpn): string {
  return pid === undefined ? tunnel : `${tunnel}, process ${pid}`
}

interface Room {
  readonly width: number
  readonly ellipsis: string
}

function describeVms(row: NetworkRow, { vms }: World, { width, ellipsis }: Room): Line[] {
  const ids = row.network.vms
  const title = heading(row.kind === 'vpn' ? 'VMs of this host' : 'VMs')
  if (ids.length === 0) return [title, aside('none')]
  const head = ['NAME', 'STATE', 'ADDRESS THERE', 'CONFIRMED'].map((text) => ({ text }))
  const body = ids.map((id) => {
    const vm = vms?.get(id)
    const at = vm && interfaceOf(vm, row)
    return [
      { text: vm ? nameOf(vm) : id },
      { text: vm?.state ?? '', meaning: vm?.state ?? '' },
      { text: at?.address ?? '' },
      { text: at?.address === undefined ? '' : at.confirmed ? 'by the guest agent' : 'not yet', meaning: at?.confirmed ? 'ok' : '' },
    ]
  })
  return [title, ...columns([head, ...body], width, ellipsis)]
}

function interfaceOf(vm: Vm, { kind, name }: NetworkRow) {
  for (const each of vm.networks) if ((each.kind === 'network' || each.kind === 'vpn') && each.kind === kind && each.name === name) return each
  return undefined
}

function describeHost({ host }: Vpn, label: (name: string, value: string) => Line[]): Line[] {
  return [
    heading('This host in it'),
    ...label('Name', host.name),
    ...label('Addresses', host.addresses.join(' ') || 'none: it reaches others, and is not reached'),
    ...label('Port', `${host.port}, TCP and UDP`),
    ...label('Fingerprint', host.fingerprint),
  ]
}

function describePeers(row: Extract<NetworkRow, { kind: 'vpn' }>, { width, ellipsis }: Room): Line[] {
  const { peers, network } = row
  if (network.peers.length === 0) return [heading('Peers'), aside('None: i makes an invitation for another host.')]
  const title = heading(`Peers, reached: ${reachOf(row)}`)
  if (!peers) return [title, [{ text: network.peers.join(' ') }]]
  const isWide = width >= WIDE
  const head = ['NAME', 'REACHED', 'ADDRESSES', 'PORT', ...(isWide ? ['FINGERPRINT'] : [])].map((text) => ({ text }))
  const body = peers.map((peer) => [
    { text: peer.name },
    { text: reached(peer), meaning: peer.reachable === undefined ? '' : peer.reachable ? 'ok' : 'broken' },
    { text: peer.addresses.join(' ') || 'reaches us alone' },
    { text: String(peer.port) },
    ...(isWide ? [{ text: peer.fingerprint }] : []),
  ])
  const [first, ...rest] = columns([head, ...body], width, ellipsis)
  return [title, first!, ...rest.flatMap((line, index) => (isWide ? [line] : [line, aside(`  ${peers[index]!.fingerprint}`)]))]
}

function reached({ reachable }: VpnPeer): string {
  return reachable === undefined ? '?' : reachable ? 'yes' : 'no'
}
