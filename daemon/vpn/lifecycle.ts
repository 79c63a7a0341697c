/** The operations that make a VPN on this host, and remove it, in its queue. */
import { hostname } from 'node:os'
import { randomBytes } from 'node:crypto'
import type { Vpn } from '../../policy/api/vpn.ts'
import { UserError } from '../../policy/errors.ts'
import type { HostAddress, Prefix64, VmId, VpnHostName, VpnName } from '../../policy/names.ts'
import { parsePrefix } from '../../policy/privileged/prefix.ts'
import type { EventBus } from '../events.ts'
import type { Joined } from '../network/attachments.ts'
import type { Bridges } from '../network/bridges.ts'
import type { HostLinks } from '../network/links.ts'
import { removeBridge } from '../network/remove-bridge.ts'
import { removeLink } from '../network/remove-link.ts'
import type { SweepDependencies } from '../network/sweep.ts'
import { deriveHostName } from './addresses.ts'
import type { BringUp } from './bring-up.ts'
import { generateKeys } from './keys.ts'
import type { PortChooser } from './ports.ts'
import { choosePrefix } from './prefix.ts'
import type { PeerRecord, VpnRecord } from './record.ts'
import type { Tunnels } from './tunnel.ts'
import { viewVpn } from './view.ts'

/** What this host is in a VPN, as far as the caller says. */
export interface ThisHost {
  readonly hostName?: VpnHostName | undefined
  readonly addresses?: HostAddress[] | undefined
  readonly port?: number | undefined
}

export interface Draft extends ThisHost {
  readonly name: VpnName
  /** A free one of what the allowlist grants where not said. */
  readonly prefix?: Prefix64 | undefined
  /** Drawn where not said. */
  readonly secret?: string
  readonly peers?: readonly PeerRecord[]
  readonly keptWhile: VpnRecord['keptWhile']
}

export interface Vpns {
  create(params: Omit<Draft, 'keptWhile'>): Promise<Vpn>
  list(): Promise<Vpn[]>
  get(name: VpnName): Promise<Vpn>
  remove(name: VpnName): Promise<void>
  /** What is there by this name. Throws VPN_RECORD_BROKEN, and VPN_NAME_TAKEN where a private network has it. */
  known(name: VpnName, field: string): VpnRecord | undefined
  /** Makes one that is not there: whole, or nothing is left of it. To be called in its queue. */
  make(draft: Draft): Promise<VpnRecord>
  view(record: VpnRecord): Promise<Vpn>
  /**
   * Makes VPNs that there are not, for a VM, and keeps all that it is to be on until the answer is called: then those that
   * were made for VMs and have none go.
   */
  hold(networks: readonly Joined[]): Promise<() => Promise<void>>
  /** Removes those of them that were made for VMs and have none; of all, where none are said. Never rejects. */
  tidy(networks?: readonly Joined[]): Promise<void>
}

interface Dependencies extends SweepDependencies {
  readonly bridges: Bridges
  readonly links: HostLinks
  readonly tunnels: Tunnels
  readonly bringUp: BringUp
  readonly ports: PortChooser
  readonly events: EventBus
  readonly usersOf: (name: string) => VmId[]
}

export function createVpns(deps: Dependencies): Vpns {
  const { helper, networks, vpns, networkQueues, bridges, links, tunnels, bringUp, ports, events, usersOf, log } = deps
  /** How many VMs that are being made are to be on a VPN. */
  const held = new Map<string, number>()
  /** Prefixes of VPNs that are being made. */
  const drawn = new Set<Prefix64>()

  const view = (record: VpnRecord): Promise<Vpn> => viewVpn(record, { bridges, links, tunnels, vms: usersOf(record.name) })

  const known: Vpns['known'] = (name, field) => {
    if (networks.get(name) ?? networks.broken.has(name)) {
      throw new UserError('VPN_NAME_TAKEN', `A private network "${name}" is there already`, { field, hint: 'Choose another name: either has a bridge of its own' })
    }
    return vpns.broken.has(name) ? vpns.find(name, field) : vpns.get(name)
  }

  const drawPrefix = async (): Promise<Prefix64> => {
    const { prefix: grant } = await helper.call('policy.get', {})
    const taken = [...networks.records(), ...vpns.records()].flatMap(({ prefix }) => prefix ?? [])
    return choosePrefix(grant, [...taken, ...drawn])
  }

  /** tincd first: what it is given is not taken away under it. The record last, so that a crash leaves it to be gone on with. */
  const unmake = async (name: VpnName): Promise<void> => {
    await tunnels.remove(name)
    await removeLink({ helper, links, log }, { operation: 'tunnel.delete', params: { network: name } })
    await removeBridge(deps, name)
    await vpns.remove(name)
  }

  const make: Vpns['make'] = async ({ name, prefix = undefined, hostName, addresses, port: wanted, secret, peers = [], keptWhile }) => {
    const { port, release } = await ports.choose(new Set(vpns.records().map(({ host }) => host.port)), wanted)
    let chosen = prefix
    try {
      chosen ??= await drawPrefix()
      drawn.add(chosen)
      const { publicKey, privateKey } = await generateKeys()
      const host = { name: hostName ?? deriveHostName(hostname()), port, publicKey, ...(addresses && { addresses }) }
      const record: VpnRecord = { version: 1, name, prefix: chosen, host, peers: [...peers], keptWhile, createdAt: new Date().toISOString() }
      try {
        await vpns.saveSecrets(name, { version: 1, privateKey, secret: secret ?? randomBytes(32).toString('base64url') })
        await vpns.save(record)
        release()
        await bringUp.all(record)
      } catch (error) {
        await unmake(name).catch((failure: unknown) => {
          log.warn({ vpn: name, err: failure }, 'something of a VPN that was not made is left')
        })
        throw error
      }
      events.emit({ kind: 'vpn.created', vpn: name })
      return record
    } finally {
      release()
      if (chosen) drawn.delete(chosen)
    }
  }

  const remove = async (name: VpnName): Promise<void> => {
    await unmake(name)
    events.emit({ kind: 'vpn.deleted', vpn: name })
  }

  const isUsed = (name: string): boolean => held.has(name) || usersOf(name).length > 0

  const tidyOne = (name: VpnName): Promise<void> =>
    networkQueues.run(name, async () => {
      if (vpns.get(name)?.keptWhile === 'used' && !isUsed(name)) await remove(name)
    })

  const tidy: Vpns['tidy'] = async (joined = vpns.records().map(({ name }) => ({ kind: 'vpn', name }))) => {
    for (const name of namesOf(joined)) {
      await tidyOne(name).catch((error: unknown) => {
        log.warn({ vpn: name, err: error }, 'a VPN that no VM uses any more could not be removed; the next start of the daemon tries again')
      })
    }
  }

  return {
    known,
    make,
    view,
    create: (params) =>
      networkQueues.run(params.name, async () => {
        const prefix = params.prefix && (parsePrefix(params.prefix)?.text as Prefix64)
        const record = known(params.name, 'name')
        if (!record) return await view(await make({ ...params, prefix, keptWhile: 'asked' }))
        requireSame(record, { ...params, prefix }, 'name')
        const asked: VpnRecord = { ...withAddresses(record, params.addresses), keptWhile: 'asked' }
        await bringUp.all(asked)
        await vpns.save(asked)
        return await view(asked)
      }),
    list: () => Promise.all(vpns.records().map(view)),
    get: async (name) => await view(vpns.find(name, 'vpn')),
    remove: (name) =>
      networkQueues.run(name, async () => {
        vpns.find(name, 'vpn')
        if (isUsed(name)) throw inUse(name, usersOf(name))
        await remove(name)
      }),
    async hold(joined) {
      const names: VpnName[] = []
      const release = async (): Promise<void> => {
        for (const name of names) {
          const left = (held.get(name) ?? 1) - 1
          if (left === 0) held.delete(name)
          else held.set(name, left)
        }
        await tidy(names.map((name) => ({ kind: 'vpn', name })))
      }
      try {
        for (const name of namesOf(joined)) {
          await networkQueues.run(name, async () => {
            if (!known(name, 'networks')) await make({ name, keptWhile: 'used' })
            held.set(name, (held.get(name) ?? 0) + 1)
            names.push(name)
          })
        }
      } catch (error) {
        await release()
        throw error
      }
      return release
    },
    tidy,
  }
}

function namesOf(joined: readonly Joined[]): VpnName[] {
  return [...new Set(joined.flatMap(({ kind, name }) => (kind === 'vpn' && name !== undefined ? [name as VpnName] : [])))]
}

/** What this host is in a VPN stays as it is: its peers know it by that. */
export function requireSame({ name, prefix, host }: VpnRecord, wanted: Pick<Draft, 'prefix' | 'hostName' | 'port'>, field: string): void {
  const differences = [
    wanted.prefix !== undefined && wanted.prefix !== prefix && `with prefix ${prefix}`,
    wanted.hostName !== undefined && wanted.hostName !== host.name && `in which this host is called ${host.name}`,
    wanted.port !== undefined && wanted.port !== host.port && `on port ${host.port}`,
  ].filter((difference) => difference !== false)
  if (differences.length === 0) return
  throw new UserError('VPN_NAME_TAKEN', `VPN "${name}" is there already, ${differences.join(', ')}`, {
    field,
    hint: 'Choose another name, or delete that VPN',
  })
}

/** Where others reach this host is the only thing of it that may change. */
export function withAddresses(record: VpnRecord, addresses: HostAddress[] | undefined): VpnRecord {
  return addresses ? { ...record, host: { ...record.host, addresses } } : record
}

function inUse(name: VpnName, users: readonly VmId[]): UserError {
  const who = users.length === 0 ? 'a VM that is being made' : users.slice(0, 8).join(', ')
  return new UserError('VPN_IN_USE', `VPN "${name}" has VMs on it: ${who}`, { field: 'vpn', hint: 'Delete these VMs first' })
}
