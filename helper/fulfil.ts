/** Does what was asked, one request at a time, and leaves nothing half made. */
import { readAllowlist } from './allowlist.ts'
import { decide, type Plan, type Principal } from './decide.ts'
import { openIp } from './ip.ts'
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
  const ip = openIp(program)
  let plan: Plan | undefined
  try {
    const links = await remove(ip, isDebris)
    plan = decide(principal, { id: hostId, links, advertised: readAdvertised(state) }, request)
    await ip.run(plan.steps)
    await ip.end()
    if (plan.advertise) writeAdvertised(state, plan.advertise)
    return plan.result
  } catch (error) {
    // How ip ends matters no more. Should the undoing fail as well, the next request finds what is left.
    await ip.end().catch(() => undefined)
    if (plan?.makes) await undo(program, plan.makes).catch(() => undefined)
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

async function undo(program: string, makes: readonly string[]): Promise<void> {
  const ip = openIp(program)
  await remove(ip, (link) => makes.includes(link.ifname) && (isDebris(link) || identify(link) !== undefined))
  await ip.end()
}

/** Removes links; answers those that stay. */
async function remove(ip: ReturnType<typeof openIp>, isUnwanted: (link: Link) => boolean): Promise<Links> {
  const links = [...(await ip.links())]
  await ip.run(links.filter(([, link]) => isUnwanted(link)).map(([name]) => `link del dev ${name}`))
  return new Map(links.filter(([, link]) => !isUnwanted(link)))
}
