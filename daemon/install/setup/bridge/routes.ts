/** PURE: a route as `ip -json route` tells it -> the words by which ip(8) makes it on another link, or deletes it. */
import { UserError } from '../../../../policy/errors.ts'

export interface Route {
  readonly family: 'inet' | 'inet6'
  readonly type?: string
  readonly dst: string
  readonly dev?: string
  readonly gateway?: string
  readonly via?: { readonly family: string; readonly host: string }
  readonly table?: string
  readonly protocol?: string
  readonly scope?: string
  readonly prefsrc?: string
  readonly metric?: number
  readonly flags?: readonly string[]
  readonly pref?: string
  readonly expires?: number
  readonly metrics?: readonly Readonly<Record<string, number | string | boolean>>[]
  readonly nexthops?: readonly { readonly dev?: string }[]
}

/** What is understood of a route; one that says more would be another route afterwards. */
const KNOWN = new Set([
  'family', 'type', 'dst', 'dev', 'gateway', 'via', 'table', 'protocol', 'scope', 'prefsrc', 'metric', 'flags', 'pref', 'expires', 'metrics',
])
/** What the kernel tells of a route's state, and takes no word of. */
const STATES = new Set(['linkdown', 'dead', 'rt_trap', 'rt_offload', 'pervasive', 'offload', 'trap'])
const METRICS = new Set(['mtu', 'advmss', 'initcwnd', 'initrwnd', 'hoplimit', 'window', 'cwnd', 'ssthresh', 'reordering', 'rto_min', 'quickack'])

/** Throws SETUP_CONFLICT for a route that cannot be made again as it is. */
export function writeRoute(verb: 'replace' | 'delete', route: Route, to: string): string {
  const unknown = Object.keys(route).filter((key) => !KNOWN.has(key))
  const flags = (route.flags ?? []).filter((flag) => !STATES.has(flag))
  if (unknown.length > 0 || flags.some((flag) => flag !== 'onlink')) throw unmovable(route, [...unknown, ...flags].join(', '))
  // in a batch the family cannot be said otherwise (ip(8))
  const words = [route.dst === 'default' ? (route.family === 'inet' ? '0.0.0.0/0' : '::/0') : route.dst]
  if (route.gateway !== undefined) words.push(`via ${route.gateway}`)
  else if (route.via) words.push(`via ${route.via.family} ${route.via.host}`)
  words.push(`dev ${to}`)
  if (route.table !== undefined) words.push(`table ${route.table}`)
  if (route.protocol !== undefined) words.push(`proto ${route.protocol}`)
  if (route.scope !== undefined) words.push(`scope ${route.scope}`)
  if (route.prefsrc !== undefined) words.push(`src ${route.prefsrc}`)
  if (route.metric !== undefined) words.push(`metric ${route.metric}`)
  if (route.pref !== undefined) words.push(`pref ${route.pref}`)
  // the time that was left when it was looked at is not what is left: a deletion does not name it
  if (route.expires !== undefined && verb === 'replace') words.push(`expires ${route.expires}`)
  for (const [name, value] of (route.metrics ?? []).flatMap((each) => Object.entries(each))) {
    if (!METRICS.has(name) || typeof value !== 'number') throw unmovable(route, name)
    words.push(`${name} ${value}`)
  }
  if (flags.includes('onlink')) words.push('onlink')
  return `route ${verb} ${words.join(' ')}`
}

/** Those that lead to others come first: a gateway has to be in reach when its route is made. */
export function orderRoutes(routes: readonly Route[]): Route[] {
  const isDirect = ({ gateway, via }: Route): boolean => gateway === undefined && via === undefined
  return [...routes.filter(isDirect), ...routes.filter((route) => !isDirect(route))]
}

function unmovable(route: Route, why: string): UserError {
  return new UserError('SETUP_CONFLICT', `The route to ${route.dst} has what setup cannot move: ${why}`, {
    field: 'create-bridge',
    hint: 'Make the bridge by hand, and give it to setup with --bridge',
  })
}
