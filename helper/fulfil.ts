/** Does what was asked, one request at a time, and leaves nothing half made. */
import { readAllowlist } from './allowlist.ts'
import { decide, type Principal } from './decide.ts'
import { useIp, type Ip } from './ip.ts'
import { identify, isDebris, type Link, type Links } from './links.ts'
import { readAdvertised, writeAdvertised } from './radvd.ts'
import { refuse } from './refusal.ts'
import type { Request } from './request.ts'

/** Paths of the allowlist, of the folder of radvd.conf, and of ip(8); `hostId` tells hosts apart. */
export type Settings = Readonly<Record<'allowlist' | 'state' | 'ip' | 'hostId', string>>

/** Requests wait for each other: what one has read of the host, quotas above all, holds until it is done. */
export function createFulfilment(settings: Settings): (uid: number, request: Request) => Promise<object> {
  let turn: Promise<unknown> = Promise.resolve()
  return (uid, request) => {
    const result = turn.then(() => fulfil(settings, uid, request))
    turn = result.catch(() => undefined)
    return result
  }
}

async function fulfil({ allowlist, state, ip: program, hostId }: Settings, uid: number, request: Request): Promise<object> {
  const principal = findPrincipal(allowlist, uid)
  let makes: readonly string[] = []
  try {
    const { advertise, result } = await useIp(program, async (ip) => {
      const links = await remove(ip, isDebris)
      const plan = decide(principal, { id: hostId, links, advertised: readAdvertised(state) }, request)
      makes = plan.makes
      await ip.run(plan.steps)
      return plan
    })
    if (advertise) writeAdvertised(state, advertise)
    return result
  } catch (error) {
    const isMade = (link: Link): boolean => makes.includes(link.ifname) && (isDebris(link) || identify(link) !== undefined)
    // should this fail as well, the next request finds what is left
    if (makes.length > 0) await useIp(program, (ip) => remove(ip, isMade)).catch(() => undefined)
    throw error
  }
}

function findPrincipal(allowlist: string, uid: number): Principal {
  try {
    const principal = readAllowlist(allowlist).principals.get(uid)
    if (principal) return principal
  } catch (error) {
    refuse('NET_DENIED', `Everything is denied: ${(error as Error).message}`, 'To see what is wrong: aetherscale-net check')
  }
  refuse('NET_DENIED', `uid ${uid} is not in the allowlist ${allowlist}`, `The admin can add to "principals": "${uid}": {}`)
}

/** Removes links; answers those that stay. */
async function remove(ip: Ip, isUnwanted: (link: Link) => boolean): Promise<Links> {
  const links = [...(await ip.links())]
  await ip.run(links.filter(([, link]) => isUnwanted(link)).map(([name]) => `link del dev ${name}`))
  return new Map(links.filter(([, link]) => !isUnwanted(link)))
}
