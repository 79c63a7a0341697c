/** Does what was asked, one request at a time, and leaves nothing half made. */
import { readAllowlist } from './allowlist.ts'
import { decide } from './decide.ts'
import { clearFilter } from './filter.ts'
import { useIp, type Ip } from './ip.ts'
import { identify, isDebris, type Link, type Links } from './links.ts'
import { changeFilter, listFiltered } from './nft.ts'
import { readAdvertised, writeAdvertised } from './radvd.ts'
import { refuse } from './refusal.ts'
import type { Request } from './request.ts'

/** Paths of the allowlist, of the folder of radvd.conf, of ip(8) and of nft(8); `hostId` tells hosts apart. */
export type Settings = Readonly<Record<'allowlist' | 'state' | 'ip' | 'nft' | 'hostId', string>>

/** Requests wait for each other: what one has read of the host, quotas above all, holds until it is done. */
export function createFulfilment(settings: Settings): (uid: number, request: Request) => Promise<object> {
  let turn: Promise<object> = Promise.resolve({})
  return (uid, request) => (turn = turn.catch(() => undefined).then(() => fulfil(settings, uid, request)))
}

async function fulfil({ allowlist, state, ip: program, nft, hostId }: Settings, uid: number, request: Request): Promise<object> {
  const principal = readAllowlist(allowlist).principals.get(uid)
  if (!principal) refuse('NET_DENIED', `uid ${uid} is not in the allowlist`, `The admin can add to "principals" in ${allowlist}: "${uid}": {}`)
  let makes: readonly string[] = []
  try {
    return await useIp(program, async (ip) => {
      const links = await remove(ip, isDebris)
      const filtered = request.operation === 'link.list' ? await listFiltered(nft) : new Set<string>()
      const plan = decide(principal, { id: hostId, links, filtered, advertised: readAdvertised(state) }, request)
      makes = plan.makes
      // before the links: what cannot be told to radvd is not begun
      if (plan.advertise) writeAdvertised(state, plan.advertise)
      const filter = async (lines: readonly string[]): Promise<void> => {
        await ip.settle()
        // there would be no end of filters of taps that their owners deleted by themselves
        const stale = [...(await changeFilter(nft, lines))].filter((name) => !links.has(name) && !makes.includes(name)).slice(0, 64)
        if (stale.length > 0) await changeFilter(nft, stale.flatMap(clearFilter))
      }
      for (const step of plan.steps) await (typeof step === 'string' ? ip.run([step]) : filter(step))
      return plan.result
    })
  } catch (error) {
    const isMade = (link: Link): boolean => makes.includes(link.ifname) && (isDebris(link) || identify(link) !== undefined)
    // its filter goes after the tap; should this fail as well, the next request finds what is left
    const unfilter = (): Promise<unknown> => changeFilter(nft, makes.filter((name) => name.startsWith('aet')).flatMap(clearFilter))
    if (makes.length > 0) await useIp(program, (ip) => remove(ip, isMade)).then(unfilter).catch(() => undefined)
    throw error
  }
}

/** Removes links; answers those that stay. */
async function remove(ip: Ip, isUnwanted: (link: Link) => boolean): Promise<Links> {
  const links = [...(await ip.links())]
  await ip.run(links.filter(([, link]) => isUnwanted(link)).map(([name]) => `link del dev ${name}`))
  return new Map(links.filter(([, link]) => !isUnwanted(link)))
}
