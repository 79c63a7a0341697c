/** What links are on the host, and whose they are. */
import { deriveName, GROUP, type Identity } from './names.ts'

/** Of a tap, `user` may open it, and of `group` only: the name of the account, or the uid (a number, also with -N) where it has none. */
type LinkData = Readonly<{ stp_state?: number; type?: string; user?: string | number; group?: string | number; persist?: boolean; multi_queue?: boolean }>

/** What `ip -json -details link show` tells of a link, as far as it counts; `master` is the bridge that it is a port of. */
export type Link = Readonly<{ ifname: string; group?: string; ifalias?: string; address?: string; flags: readonly string[]; master?: string; linkinfo?: { info_kind?: string; info_data?: LinkData } }>
/** Links by name. */
export type Links = ReadonlyMap<string, Link>

export function kindOf(link: Link | undefined): Identity['kind'] | undefined {
  const { info_kind, info_data } = link?.linkinfo ?? {}
  return info_kind === 'bridge' ? 'bridge' : info_kind === 'tun' && info_data?.type === 'tap' ? 'tap' : undefined
}

/**
 * Four facts in the kernel make a link ours: the name that follows from its alias, the group, the alias in full, and its
 * kind. `undefined` if one of them fails.
 */
export function identify(link: Link): Identity | undefined {
  const kind = kindOf(link)
  const [, uid, , key] = /^aetherscale:(\d{1,10}):(bridge|tap):([a-z0-9.-]+)$/.exec(link.ifalias ?? '') ?? []
  if (kind === undefined || key === undefined || link.group !== GROUP) return undefined
  const identity: Identity = { uid: Number(uid), kind, key }
  const { name, alias } = deriveName(identity)
  return link.ifname === name && link.ifalias === alias ? identity : undefined
}

/**
 * Left behind by a process that was killed half way: the form of our names, and no alias yet. The group is there from the
 * first step on, but for a tap, which has only the name of one that is not yet whole.
 */
export function isDebris(link: Link): boolean {
  const [, letter] = /^ae([bnt])[a-z2-7]{12}$/.exec(link.ifname) ?? []
  return letter !== undefined && !link.ifalias && (link.group === GROUP || (letter === 'n' && kindOf(link) === 'tap'))
}
