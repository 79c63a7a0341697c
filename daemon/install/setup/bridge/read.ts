/** What the kernel says of links, addresses and routes. */
import { existsSync, readFileSync } from 'node:fs'
import { programs } from '../places.ts'
import { runProgram, type Ended } from '../programs.ts'
import type { HostBridge } from '../facts.ts'
import type { LinkFacts, UplinkFacts } from './move.ts'
import type { Route } from './routes.ts'

/** Runs `ip` with these words. */
export type AskIp = (...words: string[]) => Ended

const askHere: AskIp = (...words) => runProgram([programs.ip, ...words])

export function readUplink(uplink: string, ask: AskIp = askHere): UplinkFacts {
  const links = parse<LinkFacts>(ask('-json', '-details', 'address', 'show'))
  const routes = (['inet', 'inet6'] as const).flatMap((family) =>
    parse<Omit<Route, 'family'>>(ask('-json', family === 'inet' ? '-4' : '-6', 'route', 'show', 'table', 'all')).map((route) => ({ ...route, family })),
  )
  const folder = `/sys/class/net/${uplink}`
  return { links, routes, isWireless: existsSync(`${folder}/wireless`) || existsSync(`${folder}/phy80211`), ipv6: readIpv6(uplink) }
}

function parse<T>({ status, stdout, words }: Ended): T[] {
  if (status !== 0) throw new Error(`ip: ${words}`)
  // it prints nothing at all where there is nothing
  return (stdout.trim() === '' ? [] : JSON.parse(stdout)) as T[]
}

function readIpv6(link: string): UplinkFacts['ipv6'] {
  const folder = `/proc/sys/net/ipv6/conf/${link}`
  if (!existsSync(folder)) return undefined
  const value = (name: string): number => Number(readFileSync(`${folder}/${name}`, 'utf8'))
  return { accept_ra: value('accept_ra'), forwarding: value('forwarding'), disable_ipv6: value('disable_ipv6') }
}

/** The bridges of the host, without the network helper's. */
export function readBridges(): Map<string, HostBridge> {
  const links = parse<LinkFacts>(askHere('-json', '-details', 'address', 'show', 'type', 'bridge'))
  return new Map(
    links.map(({ ifname }) => {
      const assigned = readFileSync(`/sys/class/net/${ifname}/addr_assign_type`, 'utf8').trim()
      const ipv6 = readIpv6(ifname)
      const hearsRouters = ipv6?.disable_ipv6 === 0 && (ipv6.accept_ra === 2 || (ipv6.accept_ra === 1 && ipv6.forwarding === 0))
      return [ifname, { hasOwnMac: assigned === '3', hearsRouters }]
    }),
  )
}
