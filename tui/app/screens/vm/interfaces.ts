/** PURE: a VM's interfaces, each with the addresses that belong to it. */
import type { GuestAddress, Vm } from '../../../../policy/api/vm.ts'
import type { Line } from '../../text/line.ts'
import { isLinkLocal } from '../vms/rows.ts'

type Network = Vm['networks'][number]

export function drawInterfaces(vm: Vm): Line[] {
  const told = new Map<string, GuestAddress[]>()
  for (const each of vm.addresses) {
    const mac = each.mac?.toLowerCase() ?? ''
    told.set(mac, [...(told.get(mac) ?? []), each])
  }
  const lines = vm.networks.flatMap((network): Line[] => {
    const mac = network.mac.toLowerCase()
    const own = told.get(mac) ?? []
    told.delete(mac)
    return [
      [{ text: nameOfNetwork(network) }, { text: `  ${network.mac}`, look: 'dim' }],
      ...computedOf(network, own),
      ...addressLines(own),
      ...forwardsOf(network),
    ]
  })
  const others = [...told.values()].flat()
  if (others.length > 0) lines.push([{ text: "Interfaces that are the guest's alone" }], ...addressLines(others))
  return lines
}

function nameOfNetwork(network: Network): string {
  switch (network.kind) {
    case 'user':
      return "User: QEMU's own NAT"
    case 'bridge':
      return `Bridge ${network.bridge}`
    case 'network':
      return `Private network ${network.name}`
    case 'vpn':
      return `VPN ${network.name}`
  }
}

/** What follows from prefix and MAC address, unless the guest has told the same. */
function computedOf(network: Network, told: readonly GuestAddress[]): Line[] {
  if (!('address' in network) || network.address === undefined || told.some(({ address }) => address === network.address)) return []
  const how = network.confirmed ? 'confirmed' : 'by its MAC address; not confirmed yet'
  return [[{ text: `  ${network.address}` }, { text: `  ${how}`, look: 'dim' }]]
}

/** Those that reach further than the link first. */
function addressLines(addresses: readonly GuestAddress[]): Line[] {
  return [...addresses]
    .sort((a, b) => Number(isLinkLocal(a.address)) - Number(isLinkLocal(b.address)))
    .map(({ address, prefixLength, interface: name }) => [{ text: `  ${address}/${prefixLength}` }, { text: `  ${name}`, look: 'dim' }])
}

/** As the contract writes them: `[tcp:|udp:][HOST_ADDRESS:]HOST_PORT:GUEST_PORT`. */
function forwardsOf(network: Network): Line[] {
  if (network.kind !== 'user') return []
  return network.forwards.map((forward) => {
    const [, protocol = 'tcp', host = '127.0.0.1', port, guest] = /^(?:(tcp|udp):)?(?:([\d.]+):)?(\d+):(\d+)$/.exec(forward) ?? []
    return [{ text: `  ${host}:${port} leads to port ${guest}` }, { text: `  ${protocol}`, look: 'dim' }]
  })
}
