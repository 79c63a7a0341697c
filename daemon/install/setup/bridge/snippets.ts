/** PURE: how an admin makes the bridge permanent. Setup changes no configuration of the network. */
import type { Address } from './addresses.ts'
import type { Move } from './move.ts'

export function renderSnippets(move: Move): string[] {
  return [
    `So that ${move.bridge} is there after a boot, put into /etc/network/interfaces, in the place of what is there for ${move.uplink} (ifupdown; needs bridge-utils):`,
    '',
    ...ifupdown(move).map((line) => (line === '' ? '' : `    ${line}`)),
    '',
    `or, with systemd-networkd, these files below /etc/systemd/network in the place of what is there for ${move.uplink}:`,
    '',
    ...networkd(move).map((line) => (line === '' ? '' : `    ${line}`)),
  ]
}

const lasting = (addresses: readonly Address[]): Address[] => addresses.filter(({ dynamic }) => !dynamic)

function ifupdown({ bridge, uplink, snippets, settings, prepare }: Move): string[] {
  const stanza = (family: 'inet' | 'inet6'): string[] => {
    const addresses = lasting(snippets.addresses).filter((address) => address.family === family)
    const isLeased = snippets.addresses.some((address) => address.family === family && address.dynamic)
    const gateway = snippets.gateways.find((route) => route.family === family && route.protocol !== 'ra' && route.protocol !== 'dhcp')
    const [first, ...more] = addresses
    const isAuto = family === 'inet6' && settings['accept_ra'] !== undefined && settings['accept_ra'] > 0
    const method = first ? 'static' : isAuto ? 'auto' : isLeased ? 'dhcp' : 'manual'
    return [
      `iface ${bridge} ${family} ${method}`,
      ...(first ? [`    address ${first.local}/${first.prefixlen}`] : []),
      ...(first && gateway?.gateway !== undefined ? [`    gateway ${gateway.gateway}`] : []),
      ...more.map(({ local, prefixlen }) => `    up ip address add ${local}/${prefixlen} dev ${bridge}`),
      ...(family === 'inet6' && !isAuto ? ['    accept_ra 0'] : []),
    ]
  }
  const hasIpv6 = (settings['accept_ra'] ?? 0) > 0 || snippets.addresses.some(({ family }) => family === 'inet6')
  return [
    `auto ${bridge}`,
    ...stanza('inet'),
    `    bridge_ports ${uplink}`,
    '    bridge_stp off',
    '    bridge_fd 0',
    // the bridge keeps the MAC address of the uplink, and takes none of a guest
    `    bridge_hw ${macOf(prepare)}`,
    ...(hasIpv6 ? ['', ...stanza('inet6')] : []),
  ]
}

function networkd({ bridge, uplink, snippets, settings, prepare }: Move): string[] {
  const isLeased = snippets.addresses.some(({ family, dynamic }) => family === 'inet' && dynamic)
  const gateways = snippets.gateways.flatMap(({ gateway, protocol }) => (gateway === undefined || protocol === 'ra' || protocol === 'dhcp' ? [] : [`Gateway=${gateway}`]))
  return [
    `# 20-${bridge}.netdev`, '[NetDev]', `Name=${bridge}`, 'Kind=bridge', `MACAddress=${macOf(prepare)}`, '',
    `# 20-${uplink}.network`, '[Match]', `Name=${uplink}`, '', '[Network]', `Bridge=${bridge}`, '',
    `# 20-${bridge}.network`, '[Match]', `Name=${bridge}`, '', '[Network]',
    ...(isLeased ? ['DHCP=ipv4'] : []),
    ...lasting(snippets.addresses).map(({ local, prefixlen }) => `Address=${local}/${prefixlen}`),
    ...gateways,
    `IPv6AcceptRA=${(settings['accept_ra'] ?? 0) > 0 || snippets.addresses.some(({ family, dynamic }) => family === 'inet6' && dynamic) ? 'yes' : 'no'}`,
  ]
}

function macOf(prepare: readonly string[]): string {
  return /address (\S+)/.exec(prepare.join(' '))?.[1] ?? ''
}
