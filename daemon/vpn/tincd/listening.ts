/** On which versions of IP a tincd listens, by proc(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readOrNothing } from '../../service/process.ts'

/** What it opens last of each version. */
const TABLES = { IPv4: 'udp', IPv6: 'udp6' } as const
const VERSIONS = Object.keys(TABLES) as (keyof typeof TABLES)[]
type Version = (typeof VERSIONS)[number]

/** Whether it does on each; `undefined` where the host has no such version. */
function listensOn(pid: number, port: number): Readonly<Record<Version, boolean | undefined>> {
  const socketOf = (fd: string): string | undefined => /^socket:\[(\d+)\]$/.exec(readOrNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')?.[1]
  const own = new Set(readOrNothing(() => readdirSync(`/proc/${pid}/fd`))?.map(socketOf))
  const at = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const isOwn = (line: string): boolean => {
    const [, local = '', , , , , , , , socket] = line.trim().split(/\s+/)
    return local.endsWith(at) && own.has(socket)
  }
  const look = (version: Version): boolean | undefined =>
    readOrNothing(() => readFileSync(`/proc/${pid}/net/${TABLES[version]}`, 'utf8'))?.split('\n').some(isOwn)
  return { IPv4: look('IPv4'), IPv6: look('IPv6') }
}

/** Whether it does on any, as soon as it is ready. */
export const isListening = (pid: number, port: number): boolean => Object.values(listensOn(pid, port)).includes(true)

/**
 * The version that it does not listen on. Where its port is taken for one version alone, if only by what another program has
 * just sent something from, it goes on with the other one. `undefined` also where it listens on none, as until it is ready.
 */
export function deafVersion(pid: number, port: number): Version | undefined {
  const listens = listensOn(pid, port)
  return VERSIONS.some((version) => listens[version]) ? VERSIONS.find((version) => listens[version] === false) : undefined
}
