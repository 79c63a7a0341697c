/** What the daemon has told: everything that is shown comes from here, and nothing of it is made up by the client. */
import type { Event } from '../../../policy/api/events.ts'
import type { MethodName, Result } from '../../../policy/api/index.ts'
import type { VmStats } from '../../../policy/api/stats.ts'
import type { VpnPeer } from '../../../policy/api/vpn.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import type { LogText } from './log-text.ts'

export type LinkState =
  | { readonly state: 'connecting' }
  /** `silent`: it has the connection, but does not answer now. */
  | { readonly state: 'up'; readonly info: Result<'system.info'>; readonly socket: string; readonly silent?: true }
  /** `hint` says what to do; `since` is when it was lost, in ms since 1970. */
  | { readonly state: 'down'; readonly message: string; readonly hint?: string; readonly since: number }

/** What is asked for when it is looked at. `items` stay while they are asked for again, and when that fails. */
export interface Fetched<T> {
  readonly items?: T
  readonly error?: string
  /** It is asked for now. */
  readonly asking?: true
}

/** One look at what a VM uses. */
export interface UsagePoint extends VmStats {
  /** In ms since 1970. */
  readonly at: number
}

/** Something that this client has asked the daemon to do, until its answer. */
export interface Operation {
  readonly id: number
  readonly method: MethodName
  /** In the user's words: `stop web`. */
  readonly label: string
  /** The VM or image that it is about, as it was named. */
  readonly subject?: string
  readonly startedAt: number
  readonly message?: string
  readonly fraction?: number
}

export interface World {
  readonly link: LinkState
  /** Absent until the first list has come. */
  readonly vms?: ReadonlyMap<string, Vm>
  /** By VM, oldest first; only of the time in which it was looked at. */
  readonly usage: ReadonlyMap<string, readonly UsagePoint[]>
  readonly images: Fetched<Result<'image.list'>['images']>
  readonly catalogue: Fetched<Result<'image.catalogue'>['images']>
  readonly networks: Fetched<Result<'network.list'>['networks']>
  readonly vpns: Fetched<Result<'vpn.list'>['vpns']>
  /** By VPN; without those whose peers could not be asked for. */
  readonly peers: Fetched<ReadonlyMap<string, readonly VpnPeer[]>>
  readonly checks: Fetched<Result<'system.doctor'>['checks']>
  /** By VM: what its start would run. */
  readonly plans: ReadonlyMap<string, Fetched<Result<'vm.plan'>>>
  /** What was read of the log that is on the screen. */
  readonly log?: LogText
  /** Oldest first. */
  readonly events: readonly Event[]
  readonly operations: readonly Operation[]
}

export const emptyWorld: World = {
  link: { state: 'connecting' },
  usage: new Map(),
  images: {},
  catalogue: {},
  networks: {},
  vpns: {},
  peers: {},
  checks: {},
  plans: new Map(),
  events: [],
  operations: [],
}

/** So many events are kept, and so many looks at a VM: five minutes at one each three seconds. */
const EVENTS = 1000
const POINTS = 100

export function withEvent(world: World, event: Event): World {
  const events = [...world.events.slice(-(EVENTS - 1)), event]
  if (!('vm' in event) || !world.vms) return { ...world, events }
  if (event.kind === 'vm.deleted') return { ...withoutVm(world, event.vm), events }
  const vm = world.vms.get(event.vm)
  return event.kind === 'vm.state' && vm ? { ...withNews(world, [{ ...vm, state: event.to }]), events } : { ...world, events }
}

/** Of a connection that is there. */
export function withSilence(world: World, isSilent: boolean): World {
  if (world.link.state !== 'up') return world
  const { silent: _before, ...link } = world.link
  return { ...world, link: isSilent ? { ...link, silent: true } : link }
}

/** All that there are: what was known of others goes with them. */
export function withVms(world: World, list: readonly Vm[]): World {
  const vms = new Map<string, Vm>(list.map((vm) => [vm.id, vm]))
  return { ...world, vms, usage: keepOf(vms, world.usage), plans: keepOf(vms, world.plans) }
}

function keepOf<T>(vms: ReadonlyMap<string, Vm>, known: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const kept = [...known].filter(([id]) => vms.has(id))
  return kept.length === known.size ? known : new Map(kept)
}

/** Some VMs as they are now; the others stay. */
export function withNews(world: World, news: readonly Vm[]): World {
  if (news.length === 0) return world
  const vms = new Map(world.vms)
  for (const vm of news) vms.set(vm.id, vm)
  return { ...world, vms }
}

export function withoutVm(world: World, id: string): World {
  if (!world.vms?.has(id)) return world
  const vms = new Map(world.vms)
  const usage = new Map(world.usage)
  const plans = new Map(world.plans)
  vms.delete(id)
  usage.delete(id)
  plans.delete(id)
  return { ...world, vms, usage, plans }
}

/** Of a VM that is still there. */
export function withPlan(world: World, id: string, plan: Fetched<Result<'vm.plan'>>): World {
  return world.vms?.has(id) ? { ...world, plans: new Map(world.plans).set(id, plan) } : world
}

/** Of VMs that are still there. */
export function withStats(world: World, at: number, stats: readonly VmStats[]): World {
  const usage = new Map(world.usage)
  for (const one of stats) if (world.vms?.has(one.vm)) usage.set(one.vm, [...(usage.get(one.vm) ?? []).slice(-(POINTS - 1)), { ...one, at }])
  return { ...world, usage }
}

/**
 * The newest look at a VM. The first one of a subscription, which each move of the list makes anew, tells no percentage: that of
 * the look before holds meanwhile.
 */
export function latestUsage(usage: World['usage'], vm: string): UsagePoint | undefined {
  const points = usage.get(vm) ?? []
  const last = points.at(-1)
  if (!last || last.cpuPercent !== undefined) return last
  const told = points.findLast(({ cpuPercent }) => cpuPercent !== undefined)
  return told && last.at - told.at < STALE_MS ? { ...last, cpuPercent: told.cpuPercent } : last
}

/** The newest look at a VM, unless it is too old to be true now. */
export function usageNow({ usage }: World, vm: string, now: number): UsagePoint | undefined {
  const last = latestUsage(usage, vm)
  return last && now - last.at < STALE_MS ? last : undefined
}

const STALE_MS = 15_000
