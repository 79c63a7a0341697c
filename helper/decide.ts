/** PURE: whether a request is granted, and what has to be done for it. */
import type { Grant } from '../policy/privileged/allowlist.ts'
import { parseAddress } from '../policy/privileged/address.ts'
import { containsPrefix, parsePrefix } from '../policy/privileged/prefix.ts'
import type { OperationResult } from '../policy/privileged/results.ts'
import { clearFilter, onBridge, onNetwork, onTunnel, setFilter, type Rules } from './filter.ts'
import { identify, kindOf, type Link, type Links } from './links.ts'
import { deriveBridgeMac, deriveName, deriveTapMac, GROUP, type Identity } from './names.ts'
import { refuse } from './refusal.ts'
import type { Request } from './request.ts'

/**
 * Who asks, as the kernel vouches for it, and what the allowlist grants. `names` is what ip(8) may call the owner of a
 * tap: the uid, and the account's names.
 */
export type Principal = Readonly<{ uid: number; names: readonly string[]; grant: Grant }>

/** The /64 that is advertised, by the bridge's name. */
type Advertised = ReadonlyMap<string, string>

/** What there is; `id` tells hosts apart: machine-id(5). `filtered` are names of taps, where the operation tells of them. */
export type Host = Readonly<{ id: string; links: Links; filtered: ReadonlySet<string>; advertised: Advertised }>

/** A line for `ip -batch`; a setting `ipv6/conf/LINK/NAME=VALUE` below /proc/sys/net; or lines for nft(8), one transaction. */
export type Step = string | readonly string[]

/**
 * `makes` are the names that a link gets in `steps`: what bears one is removed if a step fails. `advertise` is absent where
 * that stays as it is.
 */
export type Plan = Readonly<{ steps: readonly Step[]; makes: readonly string[]; advertise?: Advertised; result: OperationResult<Request['operation']> }>

/** What a request is about: its derived names, and the link if it is there. */
type Target = ReturnType<typeof deriveName> & { readonly link: Link | undefined }

/** Throws NET_DENIED, NET_QUOTA, NET_NOT_FOUND and NET_IN_USE. */
export function decide({ uid, names, grant }: Principal, host: Host, { operation, params }: Request): Plan {
  const links = [...host.links.values()]
  const own = links.map((link) => ({ link, ...identify(link)! })).filter((each) => each.uid === uid)
  const used = { taps: own.filter(({ kind }) => kind === 'tap').length, bridges: own.filter(({ kind }) => kind === 'bridge').length }
  const portsOf = (bridge: string): Link[] => links.filter(({ master }) => master === bridge)
  const allow = (change: string): string => `In the allowlist, the entry of uid ${uid} in "principals": ${change}`

  const find = (kind: Identity['kind'], key: string): Target => {
    const derived = deriveName({ uid, kind, key })
    const link = host.links.get(derived.name)
    return !link || identify(link)?.uid === uid ? { ...derived, link } : refuse('NET_DENIED', `A link ${derived.name} is there and is not the helper's`, 'Whoever made it has to remove it')
  }
  const findTap = (of: { vm: string; nic: number } | { network: string }): Target => find('tap', 'vm' in of ? `${of.vm}.${of.nic}` : `tunnel.${of.network}`)

  const ownBridge = (network: string): string => find('bridge', network).link?.ifname ?? refuse('NET_NOT_FOUND', `Network "${network}" has no bridge`, 'First: bridge.ensure')

  const adminBridge = (bridge: string): string => {
    if (!grant.bridges.includes(bridge)) refuse('NET_DENIED', `uid ${uid} may not attach to bridge "${bridge}"`, allow(`add "${bridge}" to "bridges"`))
    return kindOf(host.links.get(bridge)) === 'bridge' ? bridge : refuse('NET_NOT_FOUND', `There is no bridge "${bridge}" on this host`, 'The admin has to make it, at each boot')
  }

  /** `changed` tells whether there is more to do than to say again what holds already. */
  const change = (name: string, steps: Step[]): Plan => ({ steps, makes: [], result: { name, changed: steps.some((step) => typeof step === 'string' && !step.includes('=')) } })

  const erase = ({ name, link }: Target): Plan => change(name, link ? [`link del dev ${name}`] : [])
  const eraseTap = (target: Target): Plan => ({ ...erase(target), steps: [...erase(target).steps, clearFilter(target.name)] })

  /** A link that is there and not sound is made anew. It is called by its name once it tells whose it is, and then there is `then`. */
  const make = ({ name, pending, alias, link }: Target, what: 'taps' | 'bridges', first: string, settings: Step[], rest: string, then: Step[] = []): Plan => {
    if (!link && used[what] >= grant.quota[what]) refuse('NET_QUOTA', `uid ${uid} has the ${used[what]} ${what} that it is granted`, allow(`raise "quota.${what}"`))
    const last = `link set dev ${pending} name ${name} group ${GROUP} alias ${alias} ${rest}`
    return { ...change(name, [...(link ? [`link del dev ${name}`] : []), first, ...settings, last, ...then]), makes: [pending, name] }
  }

  /** The tap is filtered before it is up and a port, and while it is moved it is a port of nothing. */
  const attach = ({ name, pending, alias, link }: Target, master: string, rules: Rules): Plan => {
    const [mac, filter] = [deriveTapMac(host.id, name), setFilter(name, rules)]
    const { user = '', group, persist, multi_queue } = link?.linkinfo?.info_data ?? {}
    // Whoever holds a tap open can change what the kernel keeps of it, and goes on holding it. Of one that is made anew a QEMU
    // that runs holds the end that is gone, so an address is put right where it is.
    const isSound = link && persist && !multi_queue && group === undefined && names.includes(String(user))
    const join = `link set dev ${name} address ${mac} master ${master} up`
    if (!isSound) return make({ name, pending, alias, link }, 'taps', `tuntap add dev ${pending} mode tap user ${uid}`, tapSettings(pending), `address ${mac}`, [filter, join])
    const isPort = link.master === master
    const leave = isPort || link.master === undefined ? [] : [`link set dev ${name} nomaster`]
    return change(name, [...tapSettings(name), ...leave, filter, ...(isPort && link.flags.includes('UP') && link.address === mac ? [] : [join])])
  }

  const advertise = (name: string, prefix: string | undefined, plan: Plan): Plan => {
    if (host.advertised.get(name) === prefix) return plan
    const others = [...host.advertised].filter(([bridge]) => bridge !== name && host.links.has(bridge))
    return { ...plan, advertise: new Map(prefix ? [...others, [name, prefix]] : others), result: { name, changed: true } }
  }

  switch (operation) {
    case 'policy.get':
      return { steps: [], makes: [], result: { uid, ...grant, used } }
    case 'link.list':
      return { steps: [], makes: [], result: { links: own.map(({ kind, key, link: { ifname: name, flags, master: bridge } }) =>
        ({ name, kind, key, up: flags.includes('UP'), bridge, prefix: host.advertised.get(name), ...(kind === 'tap' && { filtered: host.filtered.has(name) }) })) } }
    case 'bridge.ensure': {
      const target = find('bridge', params.network)
      const { link, name, pending } = target
      const [mac, isAdvertising] = [deriveBridgeMac(host.id, name), host.advertised.has(name)]
      const first = `link add dev ${pending} group ${GROUP} type bridge stp_state 0 mcast_snooping 0`
      if (!link) return make(target, 'bridges', first, bridgeSettings(pending, isAdvertising), `address ${mac} up`)
      const isSound = link.address === mac && link.flags.includes('UP') && link.linkinfo?.info_data?.stp_state === 0
      return change(name, [...bridgeSettings(name, isAdvertising), ...(isSound ? [] : [`link set dev ${name} address ${mac} up type bridge stp_state 0`])])
    }
    case 'bridge.delete': {
      const target = find('bridge', params.network)
      if (portsOf(target.name).length > 0) refuse('NET_IN_USE', `Network "${params.network}" has taps`, 'Delete them first')
      return advertise(target.name, undefined, erase(target))
    }
    case 'tap.ensure': {
      const { attach: to, mac } = params
      const [master, rules] = 'bridge' in to ? [adminBridge(to.bridge), onBridge(mac)]
        : [ownBridge(to.network), onNetwork(mac, to.addresses.map((address) => parseAddress(address)!), grant.services)]
      return attach(findTap(params), master, rules)
    }
    case 'tunnel.ensure':
      return attach(findTap(params), ownBridge(params.network), onTunnel)
    case 'tap.delete':
    case 'tunnel.delete':
      return eraseTap(findTap(params))
    case 'ra.set': {
      const name = ownBridge(params.network)
      const [prefix, granted] = [parsePrefix(params.prefix), parsePrefix(grant.prefix ?? '')]
      if (!prefix || !granted || !containsPrefix(granted, prefix))
        refuse('NET_DENIED', `uid ${uid} may not advertise ${params.prefix}`, allow(`"prefix" has to hold it, and is ${grant.prefix ?? 'not there'}`))
      if (!portsOf(name).every((port) => own.some(({ link, kind }) => link === port && kind === 'tap')))
        refuse('NET_DENIED', `Network "${params.network}" has a port that is no tap of uid ${uid}`, 'Take it off: its LAN must not hear this')
      return advertise(name, prefix.text, change(name, bridgeSettings(name, true)))
    }
    case 'ra.clear': {
      const { link, name } = find('bridge', params.network)
      return advertise(name, undefined, change(name, link ? bridgeSettings(name, false) : []))
    }
  }
}

/**
 * A tap has no IPv6 of its own, also when it is a port of nothing, and takes no IPv4: to some addresses of 802.1D, table
 * 7-10, LLDP's among them, a bridge hands over what comes as the port's own, past every filter of bridges.
 */
const tapSettings = (tap: string): string[] => [...ipv4Settings(tap), `ipv6/conf/${tap}/disable_ipv6=1`]

/**
 * The host hears no router on our bridges. It has an address there, a link-local one made of the MAC (addr_gen_mode 0),
 * only while it advertises.
 */
function bridgeSettings(bridge: string, isAdvertising: boolean): string[] {
  const ipv6 = ['accept_ra=0', 'forwarding=0', 'addr_gen_mode=0', `disable_ipv6=${isAdvertising ? 0 : 1}`]
  return [...ipv4Settings(bridge), ...ipv6.map((setting) => `ipv6/conf/${bridge}/${setting}`)]
}

/**
 * The host forwards nothing that comes from there, does not tell which addresses it has elsewhere (arp_ignore), and takes
 * no IPv4 from there: no route leads back that way (rp_filter).
 */
const ipv4Settings = (link: string): string[] => ['forwarding=0', 'arp_ignore=1', 'rp_filter=1'].map((setting) => `ipv4/conf/${link}/${setting}`)
