/** Removes a user's links: those of the network helper's group that say in their alias whose they are (helper/names.ts). */
import { programs } from './places.ts'
import { runProgram } from './programs.ts'

const GROUP = '1634038888'

interface Link {
  readonly ifname?: string
  readonly ifalias?: string
}

/** Links that are half made have no alias yet; they go with whoever comes first. */
export function deleteLinksOf(uid: string): void {
  const { stdout } = runProgram([programs.ip, '-json', '-details', 'link', 'show', 'group', GROUP])
  const links = (stdout.trim() === '' ? [] : JSON.parse(stdout)) as Link[]
  for (const { ifname, ifalias } of links) {
    // ip(8) shows each link that is of another group as an empty object
    if (ifname === undefined) continue
    if (ifalias !== undefined && !ifalias.startsWith(`aetherscale:${uid}:`)) continue
    const { status, words } = runProgram([programs.ip, 'link', 'delete', 'dev', ifname])
    if (status !== 0) throw new Error(`ip: ${words}`)
  }
}
